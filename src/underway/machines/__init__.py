"""Shell: machine providers, one file each."""
