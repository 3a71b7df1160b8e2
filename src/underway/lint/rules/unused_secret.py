"""A Secret is used by no pod, service account, Ingress or Gateway.

## What it finds
Secrets that no pod, pod template or service account names, that are no certificate of an Ingress or a Gateway, no release of
Helm, no bootstrap token, and that no controller owns. Tokens of service accounts are left alone. No value of a Secret is
read for this.

## Why it matters
A credential that nobody uses is nobody's to rotate, and works for whoever finds it.

## Bad
```yaml
apiVersion: v1
kind: Secret
metadata: {name: web, namespace: shop}
```

## Good
```yaml
apiVersion: v1
kind: Secret
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
clusterlint's `unused-secret`. It flags certificates of Ingresses and Gateways, releases of Helm, tokens for joining nodes, those
that an owner made, and what only a workload of 0 replicas uses; we do not. `--compat clusterlint` flags them.

## References
- <https://kubernetes.io/docs/concepts/configuration/secret/>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.cluster import Secret
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule

TOKEN = "kubernetes.io/service-account-token"  # noqa: S105  # a type, not a token
PREFIXES = ("sh.helm.release.v1.", "bootstrap-token-")  # Helm 3, and kubeadm


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    used = picture.usage(live_only=options.as_clusterlint).secrets
    for secret in picture.of(Secret):
        if secret.type == TOKEN or (secret.namespace, secret.name) in used:
            continue
        if options.as_clusterlint or not _made_by_others(secret):
            message = "no pod, template, service account, Ingress or Gateway uses it"
            yield Found(about=secret, message=message, remedy="delete it, if nothing reads it through the API")


def _made_by_others(secret: Secret) -> bool:
    return bool(secret.metadata.owner_references) or secret.name.startswith(PREFIXES)


RULE = Rule(
    name="unused-secret",
    groups=("basic",),
    severity=Severity.WARNING,
    kinds=("Secret", "Pod", "ServiceAccount", "Ingress"),
    run=run,
    page=__doc__,
    also=("Gateway",),
)
