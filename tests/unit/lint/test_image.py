"""Image references, as container runtimes read them."""

import pytest

from underway.lint.image import canonical, has_registry, parse

DIGEST = "sha256:" + "a" * 64


@pytest.mark.parametrize(
    ("text", "full"),
    [
        ("nginx", "docker.io/library/nginx"),
        ("nginx:1.29", "docker.io/library/nginx:1.29"),
        ("docker.io/nginx", "docker.io/library/nginx"),
        ("index.docker.io/nginx", "docker.io/library/nginx"),
        ("acme/web", "docker.io/acme/web"),
        ("localhost/web", "localhost/web"),
        ("localhost:5000/web:1", "localhost:5000/web:1"),
        ("REGISTRY/web", "REGISTRY/web"),
        ("[::1]:5000/web", "[::1]:5000/web"),
        (f"ghcr.io/acme/web:1@{DIGEST}", f"ghcr.io/acme/web:1@{DIGEST}"),
        (f"web@{DIGEST}", f"docker.io/library/web@{DIGEST}"),
    ],
)
def test_a_reference_in_full(text: str, full: str) -> None:
    assert str(parse(text)) == full


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "UPPER",
        "web:",
        "web:-x",
        "a//b",
        "web@sha256:abc",
        f"web@{DIGEST[:-1]}",
        f"web@md5:{'a' * 32}",
        "http://web",
        "a" * 64,
        "x" * 300,
        "web:" + "t" * 129,
    ],
)
def test_what_is_no_reference(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize(
    ("text", "floats"),
    [("web", True), ("web:latest", True), ("web:1", False), (f"web@{DIGEST}", False), (f"web:latest@{DIGEST}", False)],
)
def test_what_floats(text: str, floats: bool) -> None:
    parsed = parse(text)
    assert parsed is not None
    assert parsed.floats is floats


def test_what_clusterlint_compares_with() -> None:
    assert canonical("a" * 64) == DIGEST
    assert canonical(DIGEST) == DIGEST
    assert canonical("docker.io/nginx:1") == "docker.io/library/nginx:1"
    assert canonical("UPPER") is None


def test_a_registry_has_a_dot_a_colon_or_a_name() -> None:
    assert has_registry("docker.io/nginx")
    assert has_registry("localhost/nginx")
    assert not has_registry("acme/nginx")
    assert not has_registry("nginx:1.29")
