"""A webhook's Service, or the namespace of it, is not there.

## What it finds
Webhooks of a ValidatingWebhookConfiguration or MutatingWebhookConfiguration whose `clientConfig.service` is in a namespace
that does not exist, or does not exist itself. Webhooks by URL are left alone.

## Why it matters
Nobody answers such a webhook. With `failurePolicy: Fail`, every request that it is asked about fails: no pod starts, so no
node can be rotated.

## Bad
```yaml
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: policy}
webhooks:
  - name: policy.example.com
    clientConfig: {service: {namespace: policy, name: gone}}
    admissionReviewVersions: [v1]
    sideEffects: None
---
apiVersion: v1
kind: Namespace
metadata: {name: policy}
```

## Good
```yaml
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: policy}
webhooks:
  - name: policy.example.com
    clientConfig: {service: {namespace: policy, name: webhook}}
    admissionReviewVersions: [v1]
    sideEffects: None
---
apiVersion: v1
kind: Namespace
metadata: {name: policy}
---
apiVersion: v1
kind: Service
metadata: {name: webhook, namespace: policy}
spec: {selector: {app: policy}}
```

## Fix
Bring the Service back, or delete the webhook.

## Since
clusterlint's `admission-controller-webhook`, which reads fewer Services with -n or -N and then takes those it did not read
for missing; we say nothing of namespaces that were left out. Of manifests we ask only for what the files hold: a namespace
that is in none of them is taken to be in the cluster.

## References
- <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.admission import WebhookConfiguration
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    for configuration in picture.of(WebhookConfiguration):
        for webhook in configuration.webhooks:
            service = webhook.client_config.service
            if service is None or not (options.as_clusterlint or picture.includes(service.namespace)):
                continue
            if picture.namespace(service.namespace) is None:
                missing = f"Namespace {service.namespace}"
            elif picture.get("Service", service.namespace, service.name) is None:
                missing = f"Service {service.namespace}/{service.name}"
            else:
                continue
            yield Found(
                about=configuration,
                path=f'webhooks[name="{webhook.name}"].clientConfig.service',
                value=f"{service.namespace}/{service.name}",
                message=f"webhook {webhook.name!r} is answered by nobody: {missing} does not exist",
                remedy="bring the Service back, or delete the webhook",
            )


RULE = Rule(
    name="admission-controller-webhook",
    groups=("basic",),
    severity=Severity.ERROR,
    kinds=("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration", "Namespace", "Service"),
    run=run,
    page=__doc__,
)
