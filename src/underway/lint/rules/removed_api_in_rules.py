"""Rights and admission rules that name APIs which the target version does not serve any more.

## What it finds
Roles and ClusterRoles that grant a resource in a group that serves it no more (`extensions` ingresses, `policy`
podsecuritypolicies): a warning where they do not grant it in its new group either, else information. Webhooks and
ValidatingAdmissionPolicies that name a resource in removed versions alone: a warning.

## Why it matters
A right to what is not there grants nothing: whoever moves to the new group is forbidden to. A webhook that names only removed
versions is asked about nothing any more, and nobody notices: what it used to refuse goes through.

## Bad
```yaml
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deployer, namespace: shop}
rules:
  - {apiGroups: [extensions], resources: [ingresses], verbs: [create, patch]}
```

## Good
```yaml
apiVersion: rbac.authorization.k8s.io/v1
kind: Role
metadata: {name: deployer, namespace: shop}
rules:
  - {apiGroups: [networking.k8s.io], resources: [ingresses], verbs: [create, patch]}
```

## Fix
Name the new group in the role, the new version (or "*") in the webhook; take out what is not served.

## Since
0.2. Roles that Kubernetes keeps itself (kubernetes.io/bootstrapping) are left alone: it names old groups in them on purpose.

## References
- <https://kubernetes.io/docs/reference/using-api/deprecation-guide/>
- <https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#matching-requests-matchpolicy>
"""

from collections.abc import Iterable, Iterator

from underway.lint.api_lifecycle import Lifecycle, gone, unserved, versions_of
from underway.lint.finding import Found, Severity
from underway.lint.objects.admission import RuleWithOperations, ValidatingAdmissionPolicy, WebhookConfiguration
from underway.lint.objects.cluster import ClusterRole, PolicyRule, Role
from underway.lint.objects.meta import Object
from underway.lint.picture import Picture
from underway.lint.rule import Options, Rule
from underway.lint.target import target_minor
from underway.model.enumeration import some_of

BOOTSTRAPPING = "kubernetes.io/bootstrapping"
NAMES_MAX = 5  # of resources that a message shows


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    target = target_minor(picture, options)
    roles: tuple[Role | ClusterRole, ...] = (*picture.of(Role), *picture.of(ClusterRole))
    for role in roles:
        if BOOTSTRAPPING not in role.metadata.labels:
            yield from _rights(role, target)
    for configuration in picture.of(WebhookConfiguration):
        for webhook in configuration.webhooks:
            yield from _unasked(configuration, f'webhooks[name="{webhook.name}"].rules', webhook.rules, target)
    for policy in picture.of(ValidatingAdmissionPolicy):
        about = policy.spec.match_constraints
        if about is not None:
            yield from _unasked(policy, "spec.matchConstraints.resourceRules", about.resource_rules, target)


def _rights(role: Role | ClusterRole, target: int) -> Iterator[Found]:
    """A finding for each rule of a role that grants what no version serves any more."""
    rules = role.rules or ()
    for index, rule in enumerate(rules):
        pairs = [(group, resource) for group in rule.api_groups for resource in _resources(rule)]
        ended = {pair: row for pair in pairs if (row := gone(*pair, target)) is not None}
        if not ended:
            continue
        moved = {(_group_of(row), resource) for (_, resource), row in ended.items() if row.replacement}
        lacking = sorted(f"{resource} in {group}" for group, resource in moved if not _grants(rules, group, resource))
        shown = some_of(sorted(f"{resource} in {group}" for group, resource in ended), NAMES_MAX)
        since = max(row.removed for row in ended.values())
        besides = f", and not {some_of(lacking, NAMES_MAX)}" if lacking else ""
        yield Found(
            about=role,
            path=f"rules[{index}]",
            value=shown,
            message=f"it grants {shown}, {unserved(since)}{besides}",
            remedy=f"grant {some_of(lacking, NAMES_MAX)}" if lacking else "take it out",
            severity=Severity.WARNING if lacking else Severity.INFO,
        )


def _resources(rule: PolicyRule | RuleWithOperations) -> list[str]:
    """The resources of a rule, without their subresources, each once."""
    return sorted({resource.partition("/")[0] for resource in rule.resources})


def _group_of(row: Lifecycle) -> str:
    return row.replacement.partition("/")[0]


def _grants(rules: Iterable[PolicyRule], group: str, resource: str) -> bool:
    return any({group, "*"} & set(rule.api_groups) and {resource, "*"} & set(_resources(rule)) for rule in rules)


def _unasked(about: Object, path: str, rules: Iterable[RuleWithOperations], target: int) -> Iterator[Found]:
    """A finding for each resource that a rule of admission names in removed versions alone."""
    for index, rule in enumerate(rules):
        for group in rule.api_groups:
            for resource in _resources(rule):
                known = versions_of(group, resource)
                rows = [known.get(version) for version in rule.api_versions]
                last = max((row for row in rows if row is not None), key=lambda row: row.removed, default=None)
                if last is None or not all(row is not None and 0 < row.removed <= target for row in rows):
                    continue
                yield Found(
                    about=about,
                    path=f"{path}[{index}]",
                    value=last.api_version,
                    message=f"it is asked about {resource} in {last.api_version} alone, {unserved(last.removed)}",
                    remedy=f"name {last.instead}" if last.replacement else "take it out",
                )


RULE = Rule(
    name="removed-api-in-rules",
    groups=("upgrade",),
    severity=Severity.WARNING,
    kinds=(),
    run=run,
    page=__doc__,
    also=(
        "Role",
        "ClusterRole",
        "ValidatingWebhookConfiguration",
        "MutatingWebhookConfiguration",
        "ValidatingAdmissionPolicy",
    ),
)
