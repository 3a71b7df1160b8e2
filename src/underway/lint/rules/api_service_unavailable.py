"""Aggregated APIs that do not answer.

## What it finds
APIServices with a Service behind them whose condition Available is False.

## Why it matters
Whoever asks for all that the cluster serves gets an error for this group: namespaces are never deleted to the end, the garbage
collector stands still, and an upgrade that waits for either waits for ever.

## Bad
```yaml
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec: {group: metrics.k8s.io, version: v1beta1, service: {namespace: kube-system, name: metrics-server}}
status: {conditions: [{type: Available, status: "False", reason: MissingEndpoints, message: no endpoints}]}
```

## Good
```yaml
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1beta1.metrics.k8s.io}
spec: {group: metrics.k8s.io, version: v1beta1, service: {namespace: kube-system, name: metrics-server}}
status: {conditions: [{type: Available, status: "True", reason: Passed}]}
```

## Fix
Mend the Service behind it, or delete the APIService if nobody needs it any more.

## Since
0.2.

## References
- <https://kubernetes.io/docs/concepts/extend-kubernetes/api-extension/apiserver-aggregation/>
"""

from collections.abc import Iterator

from underway.lint.finding import Evidence, Found, Severity
from underway.lint.objects.cluster import APIService
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    for served in picture.of(APIService):
        service = served.spec.service
        for condition in served.status.conditions:
            if service is not None and condition.type == "Available" and condition.status == "False":
                yield Found(
                    about=served,
                    path="status.conditions",
                    value=condition.reason,
                    message=f"Service {service.namespace}/{service.name} behind it does not answer ({condition.reason})",
                    remedy="mend the Service, or delete the APIService if nobody needs it",
                    evidence=Evidence.OBSERVED,
                )


RULE = Rule(
    name="api-service-unavailable", groups=("upgrade",), severity=Severity.ERROR, kinds=("APIService",), run=run, page=__doc__
)
