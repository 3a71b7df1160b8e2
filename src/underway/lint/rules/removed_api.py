"""Objects written with API versions that the target version does not serve any more.

## What it finds
Manifests whose apiVersion is removed at the target; APIs that clients ask the live API server for; live objects that
a deployed Helm release wrote so, or that somebody still writes so: the newest managedFields entry of each manager, or the
copy that kubectl apply keeps.

## Why it matters
The new API server answers such a manifest with 404 and the client that sends it fails: deploys stop on the day of the
upgrade. AKS refuses to upgrade at all while a client asks for such an API.

## Bad
```yaml
apiVersion: policy/v1beta1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
```

## Good
```yaml
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web, namespace: shop}
spec: {minAvailable: 1, selector: {matchLabels: {app: web}}}
```

## Fix
Change apiVersion to the replacement that the finding names, in the manifest and in whatever applies it. The stored
object needs nothing: the API server converts it. To see all that a Helm release would send again:
`helm get manifest NAME -n NAMESPACE | underway lint run -f - -c removed-api --target 1.NN`.

## Since
0.2. Evidence is graded. Errors: a manifest; a request that the API server counts in apiserver_requested_deprecated_apis
since it started (of several API servers the one that answered; needs the verb get on the path /metrics); an object that the
deployed revision of a Helm release wrote; a write younger than 30 days. An older write, or a stale last-applied
annotation alone, is an info and never an error. Helm keeps releases in Secrets, whose content is never read: that a release
is deployed, and since when, is known by their labels. Without --target: the version after the cluster's, or the newest known.

## References
- <https://kubernetes.io/docs/reference/using-api/deprecation-guide/>
- <https://learn.microsoft.com/azure/aks/stop-cluster-upgrade-api-breaking-changes>
- <https://github.com/kubernetes/enhancements/tree/master/keps/sig-api-machinery/1693-warnings>
"""

import re
from collections.abc import Iterator, Mapping

from underway.lint.api_lifecycle import LIFECYCLES, Lifecycle, lifecycle_of, unserved
from underway.lint.finding import Evidence, Found, Severity
from underway.lint.helm import Release, release_of, releases
from underway.lint.objects.kinds import KINDS
from underway.lint.objects.meta import LAST_APPLIED, Metadata, Named, Object
from underway.lint.picture import Picture
from underway.lint.requested import REQUESTED, RequestedAPI
from underway.lint.rule import Options, Rule
from underway.lint.target import target_minor
from underway.model import timestamp

_API_VERSION = re.compile(r'"apiVersion":"([^"]+)"')
DAY_MS = 86_400_000
UNWRITTEN = ("Event", "Lease")  # made by the machinery and gone soon: who asks for them is told by the API server's count
ALSO = (*sorted({kind for _, kind in LIFECYCLES} & KINDS.keys() - set(UNWRITTEN)), "Secret", REQUESTED)


def run(picture: Picture, options: Options) -> Iterator[Found]:
    """See the module."""
    target = target_minor(picture, options)
    deployed = releases(picture)
    for asked in picture.requested:
        if 0 < asked.removed <= target:
            yield _requested(asked, picture)
    for thing in picture.objects:
        if thing.metadata.uid:
            yield from _writers(thing, target, options, deployed)
        elif gone := _removed(thing.api_version, thing.kind, target):
            yield _found(thing, gone, "apiVersion", f"written as {gone.api_version}")


def _removed(api_version: str, kind: str, target: int) -> Lifecycle | None:
    found = lifecycle_of(api_version, kind)
    return found if found is not None and 0 < found.removed <= target else None


def _requested(asked: RequestedAPI, picture: Picture) -> Found:
    """A client asked for it; which one, the audit log knows."""
    known = asked.lifecycle
    instead = f", and ask for {known.instead}" if known is not None and known.replacement else ""
    served = picture.get("APIService", "", asked.service_name)
    return Found(
        about=served or Named(kind="APIService", metadata=Metadata(name=asked.service_name)),
        value=asked.resource,
        message=f"somebody asks for {asked.resource} in {asked.api_version}, {unserved(asked.removed)}",
        remedy=f"find the client by the audit annotation k8s.io/removed-release{instead}",
        evidence=Evidence.OBSERVED,
    )


def _writers(thing: Object, target: int, options: Options, deployed: Mapping[tuple[str, str], Release]) -> Iterator[Found]:
    """Who writes a live object how: the newest entry of each manager counts, older ones are history."""
    metadata = thing.metadata
    newest: dict[str, tuple[str, str]] = {}
    for entry in metadata.managed_fields if isinstance(metadata, Metadata) else ():
        newest[entry.manager] = max(newest.get(entry.manager, ("", "")), (entry.time, entry.api_version))
    young_since_ms = options.now_ms - options.threshold(RULE, "stale_days") * DAY_MS
    told = False
    for manager, (time, api_version) in sorted(newest.items()):
        if gone := _removed(api_version, thing.kind, target):
            told = True
            release = release_of(thing, manager, deployed)
            how = f"last written by {manager} as {gone.api_version} on {time[:10]}"
            young = bool(time) and timestamp.parse(time) > young_since_ms
            if release is not None and release.wrote(time):
                young = True
                how = f"Helm release {release} writes it as {gone.api_version}"
            severity = Severity.ERROR if young else Severity.INFO
            yield _found(thing, gone, "metadata.managedFields", how, severity, Evidence.OBSERVED)
    applied = _API_VERSION.search(metadata.annotations.get(LAST_APPLIED, ""))
    if not told and applied and (gone := _removed(applied[1], thing.kind, target)):
        how = f"once applied as {gone.api_version}; nothing has written it so since"
        yield _found(thing, gone, f'metadata.annotations["{LAST_APPLIED}"]', how, Severity.INFO, Evidence.OBSERVED)


def _found(
    thing: Object,
    gone: Lifecycle,
    path: str,
    how: str,
    severity: Severity = Severity.ERROR,
    evidence: Evidence = Evidence.STATIC,
) -> Found:
    return Found(
        about=thing,
        path=path,
        value=gone.api_version,
        message=f"{how}, {unserved(gone.removed)}",
        remedy=f"write it as {gone.instead}" if gone.replacement else "find out what it was for",
        severity=severity,
        evidence=evidence,
    )


RULE = Rule(
    name="removed-api",
    groups=("upgrade",),
    severity=Severity.ERROR,
    kinds=(),
    run=run,
    page=__doc__,
    thresholds={"stale_days": 30},
    also=ALSO,
)
