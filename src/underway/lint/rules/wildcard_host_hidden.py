"""Paths of a wildcard host that a precise host hides.

## What it finds
An Ingress of a host such as a.example.com beside one of *.example.com (of the same class) with paths that the precise
host lacks.

## Why it matters
A request for the precise host never falls back to the wildcard: what only the wildcard has answers 404 there. It is
noticed when somebody gives one tenant a host of its own.

## Bad
```yaml
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
```

## Good
```yaml
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
```

## Fix
Repeat the paths of the wildcard at the precise host, or give it a path /.

## Since
0.2.

## References
- <https://kubernetes.io/docs/concepts/services-networking/ingress/#hostname-wildcards>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.traffic import Ingress
from underway.lint.picture import Picture
from underway.lint.routing import IngressRoute, class_of, ingress_paths
from underway.lint.rule import Options, Rule

SHOWN_MAX = 5  # paths that the message names


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """Each precise host that lacks paths of its wildcard."""
    hosts: dict[tuple[str, str], list[IngressRoute]] = {}
    for ingress in picture.of(Ingress):
        for one in ingress_paths(ingress):
            hosts.setdefault((class_of(ingress), one.host), []).append(one)
    for (name, host), own in sorted(hosts.items(), key=lambda item: item[0]):
        wildcard = f"*.{host.partition('.')[2]}"
        paths = {one.path for one in own}
        missing = sorted({one.path for one in hosts.get((name, wildcard), ())} - paths)
        if missing and not host.startswith("*") and "/" not in paths:
            yield Found(
                about=own[0].ingress,
                path=f"{own[0].field.partition('.http')[0]}.host",
                value=host,
                message=f"{host} answers 404 for {', '.join(missing[:SHOWN_MAX])}, which {wildcard} answers",
                remedy="repeat these paths at the precise host, or give it a path /",
            )


RULE = Rule(name="wildcard-host-hidden", groups=("traffic",), severity=Severity.INFO, kinds=("Ingress",), run=run, page=__doc__)
