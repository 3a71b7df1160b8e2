"""`python -m underway`."""

from underway.cli.main import main

main()
