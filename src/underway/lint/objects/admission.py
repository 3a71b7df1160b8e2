"""Admission webhooks. Source: admissionregistration/v1 types.go, with its defaults (defaults.go)."""

from underway.lint.objects.cluster import WebhookClientConfig
from underway.lint.objects.meta import Metadata, Object
from underway.model.meta import LabelSelector, Model


class RuleWithOperations(Model, frozen=True):
    """Which requests a webhook is asked about."""

    operations: tuple[str, ...] = ()
    api_groups: tuple[str, ...] = ()
    api_versions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    scope: str = "*"


class MatchCondition(Model, frozen=True):
    """A CEL expression that must hold before the webhook is asked."""

    name: str = ""
    expression: str = ""


class Webhook(Model, frozen=True):
    """One webhook. timeout_seconds: None is the API's default of 10."""

    name: str = ""
    client_config: WebhookClientConfig = WebhookClientConfig()
    rules: tuple[RuleWithOperations, ...] = ()
    failure_policy: str = "Fail"
    namespace_selector: LabelSelector | None = None
    object_selector: LabelSelector | None = None
    timeout_seconds: int | None = None
    match_conditions: tuple[MatchCondition, ...] = ()


class MatchResources(Model, frozen=True):
    """Which requests a policy, or its binding, is about."""

    resource_rules: tuple[RuleWithOperations, ...] = ()
    namespace_selector: LabelSelector | None = None


class AdmissionPolicySpec(Model, frozen=True):
    """What a policy is about; its expressions are left out. Without match_constraints it is about nothing."""

    match_constraints: MatchResources | None = None


class ValidatingAdmissionPolicy(Object, frozen=True):
    """A ValidatingAdmissionPolicy."""

    kind: str = "ValidatingAdmissionPolicy"
    metadata: Metadata = Metadata()
    spec: AdmissionPolicySpec = AdmissionPolicySpec()


class AdmissionPolicyBindingSpec(Model, frozen=True):
    """Where a policy holds, and what happens to requests that it does not like."""

    policy_name: str = ""
    match_resources: MatchResources | None = None
    validation_actions: tuple[str, ...] = ()


class ValidatingAdmissionPolicyBinding(Object, frozen=True):
    """A ValidatingAdmissionPolicyBinding."""

    kind: str = "ValidatingAdmissionPolicyBinding"
    metadata: Metadata = Metadata()
    spec: AdmissionPolicyBindingSpec = AdmissionPolicyBindingSpec()


class WebhookConfiguration(Object, frozen=True):
    """A ValidatingWebhookConfiguration or MutatingWebhookConfiguration."""

    metadata: Metadata = Metadata()
    webhooks: tuple[Webhook, ...] = ()


class ValidatingWebhookConfiguration(WebhookConfiguration, frozen=True):
    """A ValidatingWebhookConfiguration."""

    kind: str = "ValidatingWebhookConfiguration"


class MutatingWebhookConfiguration(WebhookConfiguration, frozen=True):
    """A MutatingWebhookConfiguration."""

    kind: str = "MutatingWebhookConfiguration"
