"""mirror-target, mirror-host, mirror-request-body: a copy of each request elsewhere, as RequestMirror has it for Services."""

from underway.ingress.ir import Backend, Mirror, Rule, Setting
from underway.ingress.providers.annotations import Annotations, address
from underway.ingress.providers.ingress_nginx.authentication import IN_CLUSTER, PORTS

KEYS = ("mirror-target",)


def apply(own: Annotations, rule: Rule) -> None:
    """Write the mirror, if it is a Service of the same namespace."""
    target = own.text("mirror-target")
    if not target:
        return
    url = address(target.replace("$request_uri", ""))
    found = IN_CLUSTER.match(url.hostname or "") if url else None
    local = url and found and url.scheme == "http" and found[2] == own.ingress.namespace
    if url and found and local and "$" not in url.geturl() and url.path in ("", "/"):
        rule.mirror = Mirror(Backend(found[2], found[1], url.port or PORTS[url.scheme]))
    else:
        rule.settings += (Setting("mirror-elsewhere", target, ("mirror-target",)),)
