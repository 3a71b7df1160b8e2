"""Shell: pages and reports."""
