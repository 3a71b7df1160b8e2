"""Several IngressClasses that are the default.

## What it finds
More than one IngressClass with the annotation ingressclass.kubernetes.io/is-default-class: "true".

## Why it matters
An Ingress without a class is refused while there are several, so that deploying it again fails; which one it had stays as
it was.

## Bad
```yaml
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}}
spec: {controller: k8s.io/ingress-nginx}
---
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: internal, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}}
spec: {controller: k8s.io/ingress-nginx}
```

## Good
```yaml
apiVersion: networking.k8s.io/v1
kind: IngressClass
metadata: {name: nginx, annotations: {ingressclass.kubernetes.io/is-default-class: "true"}}
spec: {controller: k8s.io/ingress-nginx}
```

## Fix
Take the annotation from all but one.

## Since
0.2.

## References
- <https://kubernetes.io/docs/concepts/services-networking/ingress/#default-ingress-class>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.traffic import IngressClass
from underway.lint.picture import Picture
from underway.lint.routing import DEFAULT_CLASS_ANNOTATION
from underway.lint.rule import Options, Rule


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """Each default class where there are several."""
    defaults = [one for one in picture.of(IngressClass) if one.metadata.annotations.get(DEFAULT_CLASS_ANNOTATION) == "true"]
    for one in defaults if len(defaults) > 1 else ():
        others = ", ".join(other.name for other in defaults if other is not one)
        yield Found(
            about=one,
            path=f"metadata.annotations[{DEFAULT_CLASS_ANNOTATION}]",
            value="true",
            message=f"it is the default class, and so is {others}",
            remedy="leave one default",
        )


RULE = Rule(
    name="several-default-ingress-classes",
    groups=("traffic",),
    severity=Severity.WARNING,
    kinds=("IngressClass",),
    run=run,
    page=__doc__,
)
