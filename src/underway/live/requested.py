"""Which deprecated APIs clients have asked an API server for: read from its /metrics.

Owns which lines of the exposition are looked at: a busy server's is tens of megabytes, of which a handful of lines matter.
"""

import re

from underway.lint.requested import RequestedAPI

PATH = "/metrics"
METRIC = "apiserver_requested_deprecated_apis"
_LINE = re.compile(rb"^" + METRIC.encode() + rb"\{[^\n]*$", re.MULTILINE)


def requested_in(exposition: bytes) -> tuple[RequestedAPI, ...]:
    """The deprecated APIs in an exposition. Raises ValueError where a line of theirs cannot be read."""
    from prometheus_client.parser import text_string_to_metric_families

    lines = b"\n".join(_LINE.findall(exposition)) + b"\n"
    found = set()
    for family in text_string_to_metric_families(lines.decode()):
        for sample in family.samples:
            if sample.value:
                labels = (sample.labels.get(name, "") for name in ("group", "version", "resource", "removed_release"))
                found.add(RequestedAPI(*labels))
    return tuple(sorted(found))
