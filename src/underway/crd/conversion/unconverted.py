"""Strategy None: the versions differ in their schemas alone, and the API server only writes another apiVersion.

Source: apiextensions-apiserver pkg/apiserver/conversion/nop_converter.go. What the schema of the version that is wanted does
not have is pruned, and told as lost: nothing keeps it.
"""

from collections.abc import Mapping
from typing import Any

from underway.crd.conversion.completeness import Versions, versions_of
from underway.crd.conversion.kept import Layout, differences, named
from underway.crd.conversion.outcome import Converted, Object, Unconvertible

NO_LAYOUT = Layout({}, {})


class SameSchema:
    """The conversions of a definition whose strategy is None."""

    def __init__(self, crd: Mapping[str, Any], versions: Versions) -> None:
        self.crd, self.versions = crd, versions

    def convert(self, value: Object, to: str) -> Converted | Unconvertible:
        """Write another apiVersion, and prune."""
        refusal = self.versions.refusal(value, to)
        if refusal is not None:
            return refusal
        made = self.versions.prune({**value, "apiVersion": f"{self.versions.group}/{to}"}, to)
        losses = differences({**made, "apiVersion": value["apiVersion"]}, value, NO_LAYOUT)
        return Converted(made, lost=tuple(path for entry in losses for path in named(entry)))


def same_schema(crd: Mapping[str, Any]) -> SameSchema:
    """The conversions of a definition with strategy None. Raises UsageError if it is no definition."""
    return SameSchema(crd, versions_of(crd))
