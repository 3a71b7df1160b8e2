"""Ingress backends whose port is a number in quotation marks.

## What it finds
Backends with servicePort "80", or service.port.name "80".

## Why it matters
In quotation marks it is a name, and no Service has a port of that name: the path answers 503, and v1 refuses the object,
so that the next conversion from v1beta1 fails.

## Bad
```yaml
apiVersion: networking.k8s.io/v1beta1
kind: Ingress
metadata: {name: web, namespace: shop}
spec: {rules: [{host: a.example, http: {paths: [{path: /, backend: {serviceName: web, servicePort: "80"}}]}}]}
```

## Good
```yaml
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
Take the quotation marks away, or write number instead of name.

## Since
0.2.

## References
- <https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.traffic import Ingress
from underway.lint.picture import Picture
from underway.lint.routing import ingress_paths
from underway.lint.rule import Options, Rule


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """Each such backend."""
    for ingress in picture.of(Ingress):
        backends = [(one.field, one.service, one.port) for one in ingress_paths(ingress)]
        catching = ingress.spec.catching
        if catching is not None:
            backends.append(("spec.defaultBackend", catching.service_of, catching.port_of))
        for field, service, port in backends:
            if isinstance(port, str) and port.isdigit():
                yield Found(
                    about=ingress,
                    path=f"{field}.backend",
                    value=port,
                    message=f"port {port!r} of Service {service} is a name that no port can have",
                    remedy=f"write the number: port: {{number: {port}}}",
                )


RULE = Rule(
    name="ingress-port-number-as-name",
    groups=("traffic", "upgrade"),
    severity=Severity.ERROR,
    kinds=("Ingress",),
    run=run,
    page=__doc__,
)
