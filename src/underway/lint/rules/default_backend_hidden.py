"""Default backends that hosts of other Ingresses hide.

What it finds
    An Ingress with nothing but a default backend, beside Ingresses (of the same class) whose hosts have neither a path / nor
    a default backend of their own.

Why it matters
    It is taken for the backend of whatever matches nothing, but a host that is known never falls back to it: what matches no
    path there answers 404. In the Gateway API it is the same, unless each route repeats it.

Bad
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

Good
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

Fix
    Give the host a path /, or its Ingress a defaultBackend.

Since
    0.2.

References
    https://kubernetes.io/docs/concepts/services-networking/ingress/#default-backend
"""

from collections.abc import Iterator

from underway.lint.finding import Finding, Severity
from underway.lint.options import Options
from underway.lint.picture import Picture
from underway.lint.routing import class_of, default_backend, ingress_paths
from underway.lint.rule import Rule


def run(picture: Picture, _: Options) -> Iterator[Finding]:
    """Each host that hides a default backend."""
    ingresses = picture.of("Ingress")
    catching = {class_of(one): one for one in ingresses if default_backend(one) and not one.spec.get("rules")}
    covered = {
        (class_of(ingress), one.host)
        for ingress in ingresses
        for one in ingress_paths(ingress)
        if one.path == "/" or default_backend(ingress)
    }
    seen = set()
    for ingress in ingresses:
        for one in ingress_paths(ingress):
            key = (class_of(ingress), one.host)
            other = catching.get(key[0])
            if other is None or not one.host or key in covered or key in seen:
                continue
            seen.add(key)
            message = f"{one.host} answers 404 where no path matches: the default backend of Ingress {other.key} is not asked"
            field = f"{one.field.partition('.http')[0]}.host"
            remedy = f"give {one.host} a path /, or this Ingress a defaultBackend"
            yield Finding(RULE.name, RULE.severity, picture.ref(ingress), message, field, one.host, remedy=remedy)


RULE = Rule("default-backend-hidden", ("traffic",), Severity.INFO, __doc__, run)
