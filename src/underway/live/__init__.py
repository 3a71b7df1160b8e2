"""Shell: a real cluster over HTTPS."""
