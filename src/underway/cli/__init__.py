"""Shell: the command line; the only place for print, environment and exit codes."""
