"""Figures, as tables: `make bench`, or `python -m bench NAME`. Nothing here is asserted."""
