"""Deprecated APIs that clients have asked for, as the API server itself counts them.

Owns the value and what its resource is called in a table of kinds. It does not know how /metrics is read (`live.requested`).
The gauge is set with each request since that API server started, and one of several API servers knows its own clients alone.
Source: KEP-1693; apiserver pkg/endpoints/metrics, apiserver_requested_deprecated_apis.
"""

import msgspec

from underway.lint.api_lifecycle import LIFECYCLES, Lifecycle, plural

REQUESTED = "RequestedAPI"  # what it is called among the kinds that a rule needs, and among those that were skipped


class RequestedAPI(msgspec.Struct, frozen=True, order=True, rename="camel"):
    """One deprecated resource that somebody asked for. removed_release: "1.32", or "" where none is named."""

    group: str = ""
    version: str = ""
    resource: str = ""
    removed_release: str = ""

    @property
    def api_version(self) -> str:
        """As in manifests."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def removed(self) -> int:
        """The minor version of 1.x that does not serve it any more, 0 for none."""
        minor = self.removed_release.partition(".")[2]
        return int(minor) if minor.isdecimal() else 0

    @property
    def service_name(self) -> str:
        """The name of the APIService that stands for its group and version."""
        return f"{self.version}.{self.group}"

    @property
    def lifecycle(self) -> Lifecycle | None:
        """What is known of the kind behind it."""
        found = (one for one in LIFECYCLES.values() if one.api_version == self.api_version)
        return next((one for one in found if plural(one.kind) == self.resource), None)
