"""Health gates: asked before each node and while nodes are going. One file each, one line in GATES."""

from underway.rotate.gates import (
    api_server,
    command,
    etcd_quorum,
    expression,
    http,
    ingress_latency,
    nodes_ready,
    pending_pods,
    prometheus,
    quota,
    version_skew,
    volume_detach,
    workloads_available,
)
from underway.rotate.gates.judgement import Gate

GATES: tuple[Gate, ...] = (
    nodes_ready.GATE,
    workloads_available.GATE,
    api_server.GATE,
    pending_pods.GATE,
    etcd_quorum.GATE,
    version_skew.GATE,
    volume_detach.GATE,
    quota.GATE,
    prometheus.GATE,
    ingress_latency.GATE,
    http.GATE,
    expression.GATE,
    command.GATE,
)
