"""ingress-nginx, which is retired, leads traffic into the cluster.

## What it finds
Workloads with the image of the ingress-nginx controller, and, where none was read, IngressClasses of its controller
(k8s.io/ingress-nginx). Not NGINX Ingress Controller of F5, which lives.

## Why it matters
Since March 2026 there are no releases, no mending of faults and no security fixes: the next Kubernetes version is not tried
with it.

## Bad
```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: ingress-nginx-controller, namespace: ingress-nginx}
spec:
  selector: {matchLabels: {app: ingress-nginx}}
  template:
    metadata: {labels: {app: ingress-nginx}}
    spec: {containers: [{name: controller, image: "registry.k8s.io/ingress-nginx/controller:v1.15.1"}]}
```

## Good
```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: envoy-gateway, namespace: envoy-gateway-system}
spec:
  selector: {matchLabels: {app: envoy-gateway}}
  template:
    metadata: {labels: {app: envoy-gateway}}
    spec: {containers: [{name: envoy-gateway, image: "docker.io/envoyproxy/gateway:v1.6.0"}]}
```

## Fix
`underway ingress convert --to gateway` writes its Ingresses as Gateway API objects, `underway ingress prove` says where they
would answer otherwise, and `underway ingress migrate` moves the traffic.

## Since
0.2.

## References
- <https://kubernetes.io/blog/2025/11/11/ingress-nginx-retirement/>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.image import parse
from underway.lint.objects.pod import Container
from underway.lint.objects.traffic import IngressClass
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule

IMAGE = "ingress-nginx/controller"
CONTROLLER = "k8s.io/ingress-nginx"
MESSAGE = "ingress-nginx is retired since March 2026: neither faults nor security holes are mended"
REMEDY = "move to the Gateway API (underway ingress convert --to gateway), or to a controller that is maintained"


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    seen = False
    for subject in picture.subjects():
        for placed in subject.containers:
            if _is_controller(placed.container):
                seen = True
                path, pods = f"{placed.path}.image", len(subject.pods)
                yield Found(
                    about=subject.about, path=path, value=placed.container.image, message=MESSAGE, remedy=REMEDY, pods=pods
                )
    for one in picture.of(IngressClass) if not seen else ():
        if one.spec.controller == CONTROLLER:
            yield Found(about=one, path="spec.controller", value=CONTROLLER, message=MESSAGE, remedy=REMEDY)


def _is_controller(container: Container) -> bool:
    image = parse(container.image)
    return image is not None and (image.path == IMAGE or image.path.endswith(f"/{IMAGE}"))


RULE = Rule(
    name="ingress-nginx-retired",
    groups=("traffic", "upgrade"),
    severity=Severity.INFO,
    kinds=(),
    run=run,
    page=__doc__,
    also=("Pod", "IngressClass"),
)
