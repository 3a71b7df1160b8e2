"""Image references: registry, path, tag and digest, with the defaults that container runtimes add.

Source: github.com/distribution/reference (grammar in reference.go; docker.io, library/ and latest in normalize.go).
"""

import re

import msgspec

_COMPONENT = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_LABEL = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[(?:[a-fA-F0-9:]+)\])"
_REFERENCE = re.compile(
    rf"(?P<name>(?:{_HOST}(?::[0-9]+)?/)?{_COMPONENT}(?:/{_COMPONENT})*)"
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?:@(?P<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?"
)
_IDENTIFIER = re.compile(r"[a-f0-9]{64}")
_DIGEST_LENGTHS = {"sha256": 64, "sha384": 96, "sha512": 128}
NAME_LENGTH_MAX = 255
DEFAULT_DOMAIN = "docker.io"
LEGACY_DOMAIN = "index.docker.io"


class Image(msgspec.Struct, frozen=True):
    """A reference in full: domain "docker.io", path "library/nginx". tag and digest: "" where there is none."""

    domain: str
    path: str
    tag: str = ""
    digest: str = ""

    def __str__(self) -> str:
        text = f"{self.domain}/{self.path}"
        text += f":{self.tag}" if self.tag else ""
        return text + (f"@{self.digest}" if self.digest else "")

    @property
    def floats(self) -> bool:
        """Whether it may be another image tomorrow by habit: no tag and no digest, or the tag latest without a digest."""
        return not self.digest and self.tag in ("", "latest")

    @property
    def base_name(self) -> str:
        """The last part of the path, by which images are known: "nginx"."""
        return self.path.rpartition("/")[2]


def parse(text: str) -> Image | None:
    """The reference in `text`, or None if no container runtime accepts it. A bare 64-digit identifier is none."""
    if _IDENTIFIER.fullmatch(text):
        return None
    domain, rest = _split(text)
    remote = rest.partition(":")[0]
    if remote.lower() != remote:
        return None
    match = _REFERENCE.fullmatch(f"{domain}/{rest}")
    if match is None or len(match["name"]) > NAME_LENGTH_MAX:
        return None
    digest = match["digest"] or ""
    if digest and not _good_digest(digest):
        return None
    return Image(domain, match["name"].removeprefix(f"{domain}/"), match["tag"] or "", digest)


def canonical(text: str) -> str | None:
    """What clusterlint compares a reference with: in full, a bare identifier as a digest. None if it is no reference.

    Source: normalize.go, ParseAnyReference.
    """
    if _IDENTIFIER.fullmatch(text):
        return f"sha256:{text}"
    if _good_digest(text):
        return text
    parsed = parse(text)
    return None if parsed is None else str(parsed)


def has_registry(text: str) -> bool:
    """Whether a reference begins with a registry. Source: normalize.go, splitDockerDomain."""
    first, slash, _ = text.partition("/")
    return bool(slash) and (any(mark in first for mark in ".:") or first == "localhost" or first.lower() != first)


def _split(text: str) -> tuple[str, str]:
    """Domain and rest, with docker.io and library/ filled in. Source: normalize.go, splitDockerDomain."""
    first, _, rest = text.partition("/")
    domain, rest = (first, rest) if has_registry(text) else (DEFAULT_DOMAIN, text)
    if domain == LEGACY_DOMAIN:
        domain = DEFAULT_DOMAIN
    if domain == DEFAULT_DOMAIN and "/" not in rest:
        rest = f"library/{rest}"
    return domain, rest


def _good_digest(digest: str) -> bool:
    """Whether the digest is of a known algorithm and of its length. Source: opencontainers/go-digest algorithm.go."""
    algorithm, _, encoded = digest.partition(":")
    return len(encoded) == _DIGEST_LENGTHS.get(algorithm, -1) and encoded == encoded.lower()
