"""Paths of an Ingress that another Ingress answers.

## What it finds
A path whose host, path and type an older Ingress of the same class has already, in whatever namespace; a path that stands
twice in one Ingress.

## Why it matters
Only the older one answers: the path is dead, and it comes to life, with another Service behind it, on the day the older
object is created anew, as in a restored cluster. Converted to the Gateway API both may answer, half of the requests each.

## Bad
```yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: a, namespace: shop}
spec:
  rules:
  - host: a.example
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: old, port: {number: 80}}}}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: b, namespace: other}
spec:
  rules:
  - host: a.example
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: new, port: {number: 80}}}}
```

## Good
```yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: a, namespace: shop}
spec:
  rules:
  - host: a.example
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: old, port: {number: 80}}}}
```

## Fix
Remove one of the two, or make it a canary of the other.

## Since
0.2.

## References
- <https://kubernetes.io/docs/concepts/services-networking/ingress/#multiple-matches>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.picture import Picture
from underway.lint.routing import IngressRoute, class_of, ingress_paths, oldest_first
from underway.lint.rule import Options, Rule


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """Each path that another has already."""
    first: dict[tuple[str, str, str, str], IngressRoute] = {}
    for ingress in oldest_first(picture):
        for one in ingress_paths(ingress):
            kind = "Exact" if one.type == "Exact" else "Prefix"
            other = first.setdefault((class_of(ingress), one.host, one.path, kind), one)
            if other is not one:
                where = "this Ingress" if other.ingress is ingress else f"Ingress {other.ingress.metadata.key}"
                yield Found(
                    about=ingress,
                    path=one.field,
                    value=one.path,
                    message=f"{one.host or 'any host'}{one.path} goes to {other.service} by {where}, never to {one.service}",
                    remedy="remove one of the two paths",
                )


RULE = Rule(
    name="ingress-path-never-answers", groups=("traffic",), severity=Severity.WARNING, kinds=("Ingress",), run=run, page=__doc__
)
