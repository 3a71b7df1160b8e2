"""The gates of tests on a real API server: those of a Rotation that names none, with more patience for an API server that shares

two cores with its etcd, its controllers, kwok and the load. What a slow API server leads to is judged in the simulation.
"""

from typing import Any

PATIENT: list[dict[str, Any]] = [
    {"gate": "nodes-ready"},
    {"gate": "workloads-available"},
    {"gate": "api-server", "onBreach": "Freeze", "threshold": 15_000},
]
