"""An object stands in the namespace default.

## What it finds
Pods, templates, claims, ConfigMaps, Services, Secrets, service accounts, workloads and Ingresses in the namespace `default`,
except those that Kubernetes itself puts there: the Service kubernetes, the service account default, kube-root-ca.crt.

## Why it matters
What stands in default shares its names, quotas and policies with whatever anybody forgot to give a namespace.

## Bad
```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: default}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: "registry.example.com/web:1.0"}
```

## Good
```yaml
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - {name: web, image: "registry.example.com/web:1.0"}
```

## Fix
Give the application a namespace of its own.

## Since
clusterlint's `default-namespace`. It flags kube-root-ca.crt and every replica, and does not look at Deployments,
StatefulSets, DaemonSets, Jobs, CronJobs or Ingresses; we report the top owner once. `--compat clusterlint` looks as it does.

## References
- <https://kubernetes.io/docs/concepts/overview/working-with-objects/namespaces/>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.cluster import Secret
from underway.lint.objects.meta import Object
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule

OF_CLUSTERLINT = ("Pod", "PodTemplate", "PersistentVolumeClaim", "ConfigMap", "Service", "Secret", "ServiceAccount")
OURS = ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob", "Ingress")
MADE_BY_KUBERNETES = frozenset({("Service", "kubernetes"), ("ServiceAccount", "default"), ("ConfigMap", "kube-root-ca.crt")})


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    kinds = OF_CLUSTERLINT if options.as_clusterlint else OF_CLUSTERLINT + OURS
    made = MADE_BY_KUBERNETES - {("ConfigMap", "kube-root-ca.crt")} if options.as_clusterlint else MADE_BY_KUBERNETES
    for thing in picture.objects:
        if thing.namespace != "default" or thing.kind not in kinds or (thing.kind, thing.name) in made or _is_token(thing):
            continue
        if options.as_clusterlint or not thing.metadata.owner_references:
            yield Found(
                about=thing,
                path="metadata.namespace",
                value="default",
                message="it stands in the namespace default",
                remedy="give the application a namespace of its own",
            )


def _is_token(thing: Object) -> bool:
    return isinstance(thing, Secret) and thing.type == "kubernetes.io/service-account-token"


RULE = Rule(
    name="default-namespace",
    groups=("basic",),
    severity=Severity.WARNING,
    kinds=("Pod", "PodTemplate", "PersistentVolumeClaim", "ConfigMap", "Service", "Secret", "ServiceAccount"),
    run=run,
    page=__doc__,
    also=("Ingress",),
)
