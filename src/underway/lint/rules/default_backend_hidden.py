"""Default backends that hosts of other Ingresses hide.

## What it finds
An Ingress with nothing but a default backend, beside Ingresses (of the same class) whose hosts have neither a path / nor
a default backend of their own.

## Why it matters
It is taken for the backend of whatever matches nothing, but a host that is known never falls back to it: what matches no
path there answers 404. In the Gateway API it is the same, unless each route repeats it.

## Bad
```yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: all, namespace: shop}
spec: {defaultBackend: {service: {name: front, port: {number: 80}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: api, namespace: shop}
spec:
  rules:
  - host: a.example
    http:
      paths:
      - {path: /api, pathType: Prefix, backend: {service: {name: api, port: {number: 80}}}}
```

## Good
```yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: all, namespace: shop}
spec: {defaultBackend: {service: {name: front, port: {number: 80}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  rules:
  - host: a.example
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
```

## Fix
Give the host a path /, or its Ingress a defaultBackend.

## Since
0.2.

## References
- <https://kubernetes.io/docs/concepts/services-networking/ingress/#default-backend>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.traffic import Ingress
from underway.lint.picture import Picture
from underway.lint.routing import class_of, ingress_paths
from underway.lint.rule import Options, Rule


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """Each host that hides a default backend."""
    ingresses = picture.of(Ingress)
    catching = {class_of(one): one for one in ingresses if one.spec.catching and not one.spec.rules}
    covered = {
        (class_of(ingress), one.host)
        for ingress in ingresses
        for one in ingress_paths(ingress)
        if one.path == "/" or ingress.spec.catching
    }
    seen = set()
    for ingress in ingresses:
        for one in ingress_paths(ingress):
            key = (class_of(ingress), one.host)
            other = catching.get(key[0])
            if other is None or not one.host or key in covered or key in seen:
                continue
            seen.add(key)
            hidden = f"the default backend of Ingress {other.metadata.key} is not asked"
            yield Found(
                about=ingress,
                path=f"{one.field.partition('.http')[0]}.host",
                value=one.host,
                message=f"{one.host} answers 404 where no path matches: {hidden}",
                remedy=f"give {one.host} a path /, or this Ingress a defaultBackend",
            )


RULE = Rule(name="default-backend-hidden", groups=("traffic",), severity=Severity.INFO, kinds=("Ingress",), run=run, page=__doc__)
