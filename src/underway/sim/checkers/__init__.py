"""Judges of a simulated run: own arithmetic, from the store's changes alone; they import nothing that they judge."""
