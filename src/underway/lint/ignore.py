"""Annotations that silence findings: clusterlint's own, and ours, which wants a reason and may end.

    clusterlint.digitalocean.com/disabled-checks: "bare-pods, latest-tag"
    lint.underway.dev/ignore: "bare-pods: debugging session until 2027-01-31; latest-tag: pinned by digest elsewhere"

Both hold on the object, and for what is below it: on its owners, its template and its namespace. With clusterlint's
semantics hers holds on the object alone. An entry of ours that has ended, or that cannot be read, is told.
"""

import re
from collections.abc import Iterator
from datetime import date, timedelta

from underway.lint.finding import Finding, Severity
from underway.lint.objects.meta import Meta, Thing
from underway.lint.objects.workload import Workload
from underway.lint.options import Options
from underway.lint.picture import Picture

DISABLED_CHECKS = "clusterlint.digitalocean.com/disabled-checks"
IGNORE = "lint.underway.dev/ignore"
RULE = "ignore-annotation"
_ENTRY = re.compile(r"\s*(?P<rule>[a-z0-9*-]+)\s*:\s*(?P<reason>.*?)(?:\s+until\s+(?P<until>\S+))?\s*")
EPOCH = date(1970, 1, 1)
DAY_MS = 86_400_000


class Ignores:
    """What is silenced in a picture. complaints: entries of ours that do nothing (any more)."""

    def __init__(self, picture: Picture, options: Options) -> None:
        self._picture = picture
        self._options = options
        self._today = EPOCH + timedelta(milliseconds=options.now_ms - options.now_ms % DAY_MS)
        self._known: dict[tuple[str, str], frozenset[str]] = {}
        self.complaints: list[Finding] = []

    def silences(self, finding: Finding) -> bool:
        """Whether an annotation asks not to hear of it."""
        reference = finding.object
        key = f"{reference.namespace}/{reference.name}" if reference.namespace else reference.name
        names = self._names(reference.kind, key)
        return finding.rule in names or "*" in names

    def _names(self, kind: str, key: str) -> frozenset[str]:
        if (kind, key) not in self._known:
            thing = self._picture.by_key.get((kind, key))
            self._known[kind, key] = frozenset(self._read(thing)) if thing is not None else frozenset()
        return self._known[kind, key]

    def _read(self, thing: Thing) -> Iterator[str]:
        own = thing.metadata.annotations.get(DISABLED_CHECKS, "")
        yield from (name.strip() for name in own.split(",") if name.strip())
        for at, metadata in self._places(thing):
            if not self._options.as_clusterlint:
                inherited = metadata.annotations.get(DISABLED_CHECKS, "")
                yield from (name.strip() for name in inherited.split(",") if name.strip())
            text = metadata.annotations.get(IGNORE, "")
            for entry in filter(None, (part.strip() for part in text.split(";"))):
                yield from self._entry(entry, at)

    def _places(self, thing: Thing) -> Iterator[tuple[Thing, Meta]]:
        """The object and what it inherits from."""
        for one in self._picture.chain(thing):
            yield one, one.metadata
            if isinstance(one, Workload):
                yield one, one.template.metadata
        namespace = self._picture.namespaces.get(thing.metadata.namespace)
        if namespace is not None:
            yield namespace, namespace.metadata

    def _entry(self, entry: str, thing: Thing) -> Iterator[str]:
        found = _ENTRY.fullmatch(entry)
        if found is None or not found["reason"]:
            self._complain(thing, f"{entry!r} is not understood; write rule: reason until 2027-01-31")
            return
        if found["until"]:
            try:
                until = date.fromisoformat(found["until"])
            except ValueError:
                self._complain(thing, f"{found['until']!r} is no date; write it as 2027-01-31")
                return
            if until < self._today:
                self._complain(thing, f"{found['rule']} was to be ignored until {until}: that is over ({found['reason']})")
                return
        yield found["rule"]

    def _complain(self, thing: Thing, message: str) -> None:
        reference = self._picture.ref(thing)
        path = f"metadata.annotations[{IGNORE}]"
        finding = Finding(RULE, Severity.INFO, reference, message, path, remedy="correct the annotation, or remove it")
        if finding not in self.complaints:
            self.complaints.append(finding)
