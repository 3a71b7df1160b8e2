"""The ports of Services: what a name stands for, and which protocol they speak."""

from collections.abc import Iterable

from underway.ingress.objects.ingress import IngressServiceBackend, Service, ServicePort


class Services:
    """The Services of the files, by namespace and name."""

    def __init__(self, services: Iterable[Service]) -> None:
        self._ports: dict[tuple[str, str], tuple[ServicePort, ...]] = {}
        for service in services:
            self._ports.setdefault((service.metadata.namespace, service.metadata.name), service.spec.ports)

    def known(self, namespace: str, name: str) -> bool:
        """Whether the files have the Service."""
        return (namespace, name) in self._ports

    def port(self, namespace: str, backend: IngressServiceBackend) -> int | str:
        """The port's number; its name where the files lack the Service or the port, since nothing tells the number then."""
        if not backend.port.name:
            return backend.port.number
        ports = self._ports.get((namespace, backend.name), ())
        return next((port.port for port in ports if port.name == backend.port.name), backend.port.name)

    def protocol(self, namespace: str, name: str, port: int | str) -> str:
        """The appProtocol of a port, "" if none is said."""
        return next((one.app_protocol for one in self._ports.get((namespace, name), ()) if port in (one.port, one.name)), "")
