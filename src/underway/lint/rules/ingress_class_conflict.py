"""Ingresses whose class is said twice and differently, or is not there.

## What it finds
An Ingress whose annotation kubernetes.io/ingress.class and spec.ingressClassName differ; one whose spec.ingressClassName
names no IngressClass.

## Why it matters
Controllers follow the annotation, newer ones the field: after an upgrade another controller, or none, serves the host.
The API server refuses to create such an object anew, so that a restored cluster lacks it.

## Bad
```yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop, annotations: {kubernetes.io/ingress.class: nginx}}
spec: {ingressClassName: internal, defaultBackend: {service: {name: web, port: {number: 80}}}}
```

## Good
```yaml
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec: {ingressClassName: nginx, defaultBackend: {service: {name: web, port: {number: 80}}}}
```

## Fix
Keep the field alone; underway ingress convert --to v1 --class field moves it.

## Since
0.2.

## References
- <https://kubernetes.io/docs/concepts/services-networking/ingress/#deprecated-annotation>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.traffic import Ingress, IngressClass
from underway.lint.picture import Picture
from underway.lint.routing import CLASS_ANNOTATION
from underway.lint.rule import Options, Rule


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """Each such Ingress."""
    classes = {one.name for one in picture.of(IngressClass)}
    for ingress in picture.of(Ingress):
        said, written = ingress.metadata.annotations.get(CLASS_ANNOTATION, ""), ingress.spec.ingress_class_name
        if said and written and said != written:
            message = f"the annotation asks for class {said}, the field for {written}"
            remedy = f"remove the annotation {CLASS_ANNOTATION}, once the field names the class that serves it"
        elif written and classes and written not in classes:
            message, remedy = f"there is no IngressClass {written}", f"name one of {', '.join(sorted(classes))}"
        else:
            continue
        yield Found(about=ingress, path="spec.ingressClassName", value=written, message=message, remedy=remedy)


RULE = Rule(
    name="ingress-class-conflict",
    groups=("traffic", "upgrade"),
    severity=Severity.WARNING,
    kinds=("Ingress", "IngressClass"),
    run=run,
    page=__doc__,
)
