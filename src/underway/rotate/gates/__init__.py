"""Health gates: asked before each node and while nodes are going. One file each, one line in GATES."""

from underway.rotate.gates import api_server, nodes_ready, workloads_available
from underway.rotate.gates.judgement import Gate

GATES: tuple[Gate, ...] = (
    nodes_ready.GATE,
    workloads_available.GATE,
    api_server.GATE,
)
