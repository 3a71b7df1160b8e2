"""Objects written with API versions that the target version does not serve any more.

What it finds
    Manifests whose apiVersion is removed at the target; and live objects that somebody still writes with such a version: the
    newest managedFields entry of each manager, or the copy that kubectl apply keeps.

Why it matters
    The new API server answers such a manifest with 404 and the client that sends it fails: deploys stop on the day of the
    upgrade.

Bad
    apiVersion: policy/v1beta1
    kind: PodDisruptionBudget
    metadata: {name: web, namespace: shop}
    spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}

Good
    apiVersion: policy/v1
    kind: PodDisruptionBudget
    metadata: {name: web, namespace: shop}
    spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}

Fix
    Change apiVersion to the replacement that the finding names, in the manifest and in whatever applies it. The stored
    object needs nothing: the API server converts it.

Since
    0.2. Evidence is graded: a manifest, or a write younger than 30 days, is an error; an older write, or a stale
    last-applied annotation alone, is an info and never an error. Without --target: the version after the cluster's, or the
    newest known.

References
    https://kubernetes.io/docs/reference/using-api/deprecation-guide/
    https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/1693-warnings
"""

import re
from collections.abc import Iterator

from underway.lint.api_lifecycle import Lifecycle, lifecycle_of
from underway.lint.finding import Evidence, Finding, Severity
from underway.lint.objects.meta import Thing, WrittenMeta
from underway.lint.options import Options
from underway.lint.picture import Picture
from underway.lint.rule import Rule
from underway.model import timestamp

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_API_VERSION = re.compile(r'"apiVersion":"([^"]+)"')
DAY_MS = 86_400_000


def run(picture: Picture, options: Options) -> Iterator[Finding]:
    """Each object and each writer with a removed version."""
    target = picture.target(options)
    for thing in picture.everything:
        if not picture.live:
            gone = _removed(thing.api_version, thing.kind, target)
            if gone:
                yield _finding(
                    picture, thing, gone, Severity.ERROR, "apiVersion", f"is written as {gone.api_version}", Evidence.STATIC
                )
            continue
        yield from _writers(picture, thing, target, options)


def _removed(api_version: str, kind: str, target: int) -> Lifecycle | None:
    found = lifecycle_of(api_version, kind)
    return found if found is not None and 0 < found.removed <= target else None


def _writers(picture: Picture, thing: Thing, target: int, options: Options) -> Iterator[Finding]:
    """Who writes a live object how: the newest entry of each manager counts, older ones are history."""
    newest: dict[str, tuple[str, str]] = {}
    metadata = thing.metadata
    for entry in metadata.managed_fields if isinstance(metadata, WrittenMeta) else ():
        newest[entry.manager] = max(newest.get(entry.manager, ("", "")), (entry.time, entry.api_version))
    told = False
    for manager, (time, api_version) in sorted(newest.items()):
        gone = _removed(api_version, thing.kind, target)
        if gone:
            told = True
            young = bool(time) and options.now_ms - timestamp.parse(time) < options.stale_days * DAY_MS
            severity = Severity.ERROR if young else Severity.INFO
            how = f"was last written by {manager} as {gone.api_version} on {time[:10]}"
            yield _finding(picture, thing, gone, severity, "metadata.managedFields", how, Evidence.OBSERVED)
    applied = _API_VERSION.search(metadata.annotations.get(LAST_APPLIED, ""))
    gone = _removed(applied[1], thing.kind, target) if applied else None
    if gone and not told:
        how = f"was once applied as {gone.api_version}; nothing has written it so since"
        path = f"metadata.annotations[{LAST_APPLIED}]"
        yield _finding(picture, thing, gone, Severity.INFO, path, how, Evidence.OBSERVED)


def _finding(
    picture: Picture, thing: Thing, gone: Lifecycle, severity: Severity, path: str, how: str, evidence: Evidence
) -> Finding:
    remedy = (
        f"write it as {gone.replacement.rpartition('/')[0]}" if gone.replacement else "nothing replaces it: find what it was for"
    )
    message = f"{how}, which 1.{gone.removed} does not serve"
    return Finding(RULE.name, severity, picture.ref(thing), message, path, gone.api_version, evidence, remedy)


RULE = Rule("removed-api", ("upgrade",), Severity.ERROR, __doc__, run)
