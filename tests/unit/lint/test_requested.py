"""Deprecated APIs that clients asked for: what their resources are called in the table of kinds."""

import pytest

from underway.lint.requested import RequestedAPI


@pytest.mark.parametrize(
    ("group", "version", "resource", "kind"),
    [
        ("extensions", "v1beta1", "networkpolicies", "NetworkPolicy"),
        ("networking.k8s.io", "v1beta1", "ingresses", "Ingress"),
        ("policy", "v1beta1", "poddisruptionbudgets", "PodDisruptionBudget"),
        ("scheduling.k8s.io", "v1beta1", "priorityclasses", "PriorityClass"),
        ("example.com", "v1", "things", ""),
    ],
)
def test_a_resource_is_found_among_the_kinds(group: str, version: str, resource: str, kind: str) -> None:
    found = RequestedAPI(group, version, resource, "1.99").lifecycle
    assert (found.kind if found else "") == kind


@pytest.mark.parametrize(("release", "minor"), [("1.32", 32), ("", 0), ("soon", 0)])
def test_the_release_that_drops_it_may_be_named(release: str, minor: int) -> None:
    assert RequestedAPI("policy", "v1beta1", "evictions", release).removed == minor
