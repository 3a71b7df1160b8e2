"""How hosts are shared out among Gateways: one file each, one line here."""

from types import ModuleType

from underway.ingress.topologies import listenerset, namespace, shared

TOPOLOGIES: tuple[ModuleType, ...] = (namespace, shared, listenerset)
