"""A ConfigMap is used by no pod and no template.

## What it finds
ConfigMaps that no pod, pod template or node names in a volume, a projection or a variable. Those that the control plane
makes (kube-root-ca.crt, and everything in kube-system and kube-public) and those that a controller owns are left alone.

## Why it matters
What nobody uses is kept, backed up and migrated for ever, and nobody dares to delete it.

## Bad
```yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop}
```

## Good
```yaml
apiVersion: v1
kind: ConfigMap
metadata: {name: web, namespace: shop}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec:
      containers:
        - name: web
          image: "registry.example.com/web:1.0"
          envFrom: [{configMapRef: {name: web}}, {secretRef: {name: web}}]
```

## Fix
Delete it, if nothing reads it through the API. If something does, say so with `lint.underway.dev/ignore`.

## Since
clusterlint's `unused-config-map`. It flags kube-root-ca.crt in every namespace, those of kube-system and the other namespaces
of the control plane, those that an owner made, and what only a workload of 0 replicas uses; we do not. `--compat clusterlint`
flags them.

## References
- <https://kubernetes.io/docs/concepts/configuration/configmap/>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.cluster import ConfigMap
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule

ROOT_CA = "kube-root-ca.crt"  # kube-controller-manager publishes it in every namespace
SYSTEM_NAMESPACES = frozenset({"kube-system", "kube-public", "kube-node-lease"})


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    used = picture.usage(live_only=options.as_clusterlint).config_maps
    for config_map in picture.of(ConfigMap):
        if (config_map.namespace, config_map.name) in used or (not options.as_clusterlint and _made_by_others(config_map)):
            continue
        yield Found(
            about=config_map, message="no pod, template or node uses it", remedy="delete it, if nothing reads it through the API"
        )


def _made_by_others(config_map: ConfigMap) -> bool:
    owned = bool(config_map.metadata.owner_references)
    return owned or config_map.name == ROOT_CA or config_map.namespace in SYSTEM_NAMESPACES


RULE = Rule(
    name="unused-config-map",
    groups=("basic",),
    severity=Severity.WARNING,
    kinds=("ConfigMap", "Pod", "Node"),
    run=run,
    page=__doc__,
)
