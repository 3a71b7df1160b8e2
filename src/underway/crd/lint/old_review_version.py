"""A conversion webhook that is asked in v1beta1 alone, or in versions that no API server speaks.

The API server takes the first version that it knows; v1beta1 checks neither the uid nor the kind of the answer, so a proxy's
mix-up goes unnoticed. Source: apiextensions-apiserver pkg/apiserver/conversion/webhook_converter.go.
"""

from collections.abc import Iterator

from underway.crd.lint.finding import Definition, Rule


def look(definition: Definition) -> Iterator[tuple[str, str, str]]:
    """conversionReviewVersions without v1, or with v1beta1 before it."""
    if definition.strategy != "Webhook":
        return
    versions = definition.review_versions
    path, shown = "spec.conversion.webhook.conversionReviewVersions", ", ".join(versions) or "nothing"
    if "v1" not in versions:
        yield "", path, f"has {shown}: v1 is missing"
    elif "v1beta1" in versions and versions.index("v1beta1") < versions.index("v1"):
        yield "", path, f"has {shown}: v1beta1 is asked first"


RULE = Rule("old-review-version", "warning", "write conversionReviewVersions: [v1]; underway crd serve answers both", look)
