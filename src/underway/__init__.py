"""Underway: upgrade Kubernetes clusters while they keep sailing.

The package is a house with one way for data to flow: observe -> Snapshot -> decide (pure) -> Requests -> act -> observe.
ARCHITECTURE.md draws it; the layers are held by import-linter in `make check`.
"""

__version__ = "0.1.0"
