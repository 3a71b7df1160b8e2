"""A webhook may take longer than the API server waits.

## What it finds
Webhooks whose `timeoutSeconds` is below 1 or above 29.

## Why it matters
A request waits for its webhooks in turn and is given up after 30 seconds or so: one slow webhook is enough to make writes
fail, and the managed control plane of DigitalOcean refuses to upgrade.

## Bad
```yaml
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: policy}
webhooks:
  - name: policy.example.com
    clientConfig: {url: "https://policy.example.com"}
    timeoutSeconds: 30
    admissionReviewVersions: [v1]
    sideEffects: None
```

## Good
```yaml
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: policy}
webhooks:
  - name: policy.example.com
    clientConfig: {url: "https://policy.example.com"}
    timeoutSeconds: 5
    admissionReviewVersions: [v1]
    sideEffects: None
```

## Fix
Set timeoutSeconds to 5 or so; the default is 10.

## Since
clusterlint's `admission-controller-webhook-timeout`, unchanged.

## References
- <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#timeouts>
"""

from collections.abc import Iterator

from underway.lint.finding import Found, Severity
from underway.lint.objects.admission import WebhookConfiguration
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule

TIMEOUT_S_MIN = 1
TIMEOUT_S_MAX = 29  # the API server's own limit is 30, which a whole request may take as well


def run(picture: Picture, _: Options) -> Iterator[Found]:
    """See the module."""
    for configuration in picture.of(WebhookConfiguration):
        for webhook in configuration.webhooks:
            timeout_s = webhook.timeout_seconds
            if timeout_s is not None and not TIMEOUT_S_MIN <= timeout_s <= TIMEOUT_S_MAX:
                yield Found(
                    about=configuration,
                    path=f'webhooks[name="{webhook.name}"].timeoutSeconds',
                    value=str(timeout_s),
                    message=f"webhook {webhook.name!r} may take {timeout_s} s; from {TIMEOUT_S_MIN} to {TIMEOUT_S_MAX} s is good",
                    remedy="set timeoutSeconds to 5 or so",
                )


RULE = Rule(
    name="admission-controller-webhook-timeout",
    groups=("doks",),
    severity=Severity.ERROR,
    kinds=("ValidatingWebhookConfiguration", "MutatingWebhookConfiguration"),
    run=run,
    page=__doc__,
)
