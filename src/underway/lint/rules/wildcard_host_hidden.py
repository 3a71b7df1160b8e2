"""Paths of a wildcard host that a precise host hides.

What it finds
    An Ingress of a host such as a.example.com beside one of *.example.com (of the same class) with paths that the precise
    host lacks.

Why it matters
    A request for the precise host never falls back to the wildcard: what only the wildcard has answers 404 there. It is
    noticed when somebody gives one tenant a host of its own.

Bad
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: tenants, namespace: shop}
    spec:
      rules:
      - host: "*.example.com"
        http:
          paths:
          - {path: /login, pathType: Prefix, backend: {service: {name: login, port: {number: 80}}}}
    ---
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: acme, namespace: shop}
    spec:
      rules:
      - host: acme.example.com
        http:
          paths:
          - {path: /shop, pathType: Prefix, backend: {service: {name: acme, port: {number: 80}}}}

Good
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: tenants, namespace: shop}
    spec:
      rules:
      - host: "*.example.com"
        http:
          paths:
          - {path: /login, pathType: Prefix, backend: {service: {name: login, port: {number: 80}}}}
    ---
    apiVersion: networking.k8s.io/v1
    kind: Ingress
    metadata: {name: acme, namespace: shop}
    spec:
      rules:
      - host: acme.example.com
        http:
          paths:
          - {path: /shop, pathType: Prefix, backend: {service: {name: acme, port: {number: 80}}}}
          - {path: /login, pathType: Prefix, backend: {service: {name: login, port: {number: 80}}}}

Fix
    Repeat the paths of the wildcard at the precise host, or give it a path /.

Since
    0.2.

References
    https://kubernetes.io/docs/concepts/services-networking/ingress/#hostname-wildcards
"""

from collections.abc import Iterator

from underway.lint.finding import Finding, Severity
from underway.lint.options import Options
from underway.lint.picture import Picture
from underway.lint.routing import IngressPath, class_of, ingress_paths
from underway.lint.rule import Rule


def run(picture: Picture, _: Options) -> Iterator[Finding]:
    """Each precise host that lacks paths of its wildcard."""
    hosts: dict[tuple[str, str], list[IngressPath]] = {}
    for ingress in picture.of("Ingress"):
        for one in ingress_paths(ingress):
            hosts.setdefault((class_of(ingress), one.host), []).append(one)
    for (name, host), own in sorted(hosts.items(), key=lambda item: item[0]):
        above = hosts.get((name, f"*.{host.partition('.')[2]}"), ())
        paths = {one.path for one in own}
        missing = sorted({one.path for one in above} - paths)
        if missing and not host.startswith("*") and "/" not in paths:
            message = f"{host} answers 404 for {', '.join(missing[:5])}, which *.{host.partition('.')[2]} answers"
            remedy = "repeat these paths at the precise host, or give it a path /"
            field = own[0].field.partition(".http")[0]
            yield Finding(RULE.name, RULE.severity, picture.ref(own[0].ingress), message, f"{field}.host", host, remedy=remedy)


RULE = Rule("wildcard-host-hidden", ("traffic",), Severity.INFO, __doc__, run)
