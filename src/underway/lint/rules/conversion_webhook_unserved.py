"""Custom resources whose conversion webhook leads nowhere.

## What it finds
CustomResourceDefinitions that convert by a webhook whose Service is not there or, on a cluster, has no ready pod.

## Why it matters
Objects that are stored in one version can be read in no other: lists fail, and with them garbage collection and the deletion of
namespaces. A migration of stored versions fails at the first object.

## Bad
```yaml
apiVersion: v1
kind: Namespace
metadata: {name: shop}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  names: {kind: Thing, plural: things}
  scope: Namespaced
  versions: [{name: v1, served: true, storage: true}, {name: v1beta1, served: true, storage: false}]
  conversion: {strategy: Webhook, webhook: {clientConfig: {service: {namespace: shop, name: converter}}}}
```

## Good
```yaml
apiVersion: v1
kind: Service
metadata: {name: converter, namespace: shop}
spec: {selector: {app: converter}, ports: [{port: 443}]}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  names: {kind: Thing, plural: things}
  scope: Namespaced
  versions: [{name: v1, served: true, storage: true}, {name: v1beta1, served: true, storage: false}]
  conversion: {strategy: Webhook, webhook: {clientConfig: {service: {namespace: shop, name: converter}}}}
```

## Fix
Bring the Service back, or migrate to one version and set the strategy to None.

## Since
0.2. Manifests that do not hold the Service's namespace are taken to have it elsewhere.

## References
- <https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definition-versioning/#webhook-conversion>
"""

from collections.abc import Iterator

from underway.lint.backends import answering
from underway.lint.finding import Evidence, Found, Severity
from underway.lint.objects.cluster import CustomResourceDefinition
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    for definition in picture.of(CustomResourceDefinition):
        conversion = definition.spec.conversion
        webhook = conversion.webhook if conversion is not None and conversion.strategy == "Webhook" else None
        service = webhook.client_config.service if webhook is not None and webhook.client_config is not None else None
        if service is None or not picture.includes(service.namespace):
            continue
        name = f"{service.namespace}/{service.name}"
        missing = picture.get("Service", service.namespace, service.name) is None
        pods = answering(picture, service)
        if missing or (pods is not None and not pods):
            wrong, first = ("is not there", "bring the Service back") if missing else ("has no ready pod", "get its pods ready")
            yield Found(
                about=definition,
                path="spec.conversion.webhook.clientConfig.service",
                value=name,
                message=f"Service {name}, which converts its objects, {wrong}",
                remedy=f"{first}, or migrate to one version and convert no more",
                evidence=Evidence.STATIC if missing else Evidence.OBSERVED,
            )


RULE = Rule(
    name="conversion-webhook-unserved",
    groups=("upgrade",),
    severity=Severity.ERROR,
    kinds=("CustomResourceDefinition", "Service"),
    run=run,
    page=__doc__,
    also=("Pod",),
)
