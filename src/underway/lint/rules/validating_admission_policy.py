"""An admission policy can stop the pods of kube-system from starting when nodes are replaced.

## What it finds
ValidatingAdmissionPolicies about the creation of pods or workloads that a binding with the action Deny makes hold in kube-system.

## Why it matters
New nodes need pods of kube-system (CNI, DNS, kube-proxy), and an upgrade replaces them. A policy that was written for
applications, and denies what the system's pods need (host networks, privileges), keeps the nodes from getting ready.

## Bad
```yaml
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: no-privileges}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  validations: [{expression: "!object.spec.hostNetwork"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: no-privileges}
spec: {policyName: no-privileges, validationActions: [Deny]}
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-system, labels: {kubernetes.io/metadata.name: kube-system}}
```

## Good
```yaml
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: no-privileges}
spec:
  matchConstraints:
    resourceRules: [{apiGroups: [""], apiVersions: [v1], operations: [CREATE], resources: [pods]}]
  validations: [{expression: "!object.spec.hostNetwork"}]
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {name: no-privileges}
spec:
  policyName: no-privileges
  validationActions: [Deny]
  matchResources:
    namespaceSelector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: NotIn, values: [kube-system]}]}
---
apiVersion: v1
kind: Namespace
metadata: {name: kube-system, labels: {kubernetes.io/metadata.name: kube-system}}
```

## Fix
Leave kube-system out with a namespaceSelector of the binding, or bind the policy there with Warn or Audit.

## Since
clusterlint's `validating-admission-policy`, which came to it in 2026. It ignores which resources, operations and scope the
rules name; we look at them. `--compat clusterlint` looks as it does. What the policy's expressions would say is not judged.

## References
- <https://kubernetes.io/docs/reference/access-authn-authz/validating-admission-policy/>
"""

from collections.abc import Iterator

from underway.lint.asked_about import about_new_pods, about_workloads, selects
from underway.lint.finding import Found, Severity
from underway.lint.objects.admission import ValidatingAdmissionPolicy, ValidatingAdmissionPolicyBinding
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule

SYSTEM = "kube-system"


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    system = picture.namespace(SYSTEM)
    applies = about_workloads if options.as_clusterlint else about_new_pods
    denying = [one for one in picture.of(ValidatingAdmissionPolicyBinding) if "Deny" in one.spec.validation_actions]
    for policy in picture.of(ValidatingAdmissionPolicy):
        about = policy.spec.match_constraints
        if system is None or about is None or not any(applies(rule) for rule in about.resource_rules):
            continue
        bound = [
            binding.name
            for binding in denying
            if binding.spec.policy_name == policy.name
            and (binding.spec.match_resources is None or selects(binding.spec.match_resources.namespace_selector, system))
        ]
        if bound and selects(about.namespace_selector, system):
            yield Found(
                about=policy,
                path="spec.matchConstraints",
                value=", ".join(bound),
                message=f"it may deny pods of {SYSTEM}, by binding {', '.join(bound)}",
                remedy=f"leave {SYSTEM} out with a namespaceSelector of the binding",
            )


RULE = Rule(
    name="validating-admission-policy",
    groups=("doks",),
    severity=Severity.ERROR,
    kinds=("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "Namespace"),
    run=run,
    page=__doc__,
)
