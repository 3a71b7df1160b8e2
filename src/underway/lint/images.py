"""References to images, as container tools read them. Source: github.com/distribution/reference (normalize.go, reference.go)."""

import re

import msgspec

DOMAIN = r"(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?)(?:\.(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?))*|\[[0-9a-fA-F:]+\]"
COMPONENT = r"[a-z0-9]+(?:(?:[._]|__|[-]+)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?:(?P<domain>(?:{DOMAIN})(?::[0-9]+)?)/)?(?P<path>{COMPONENT}(?:/{COMPONENT})*)"
    r"(?::(?P<tag>[\w][\w.-]{0,127}))?(?:@(?P<digest>[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}))?",
    re.ASCII,
)
DEFAULT_DOMAIN = "docker.io"


class Image(msgspec.Struct, frozen=True):
    """A reference, taken apart. domain, path: normalized, so that "nginx" is docker.io and library/nginx."""

    domain: str
    path: str
    tag: str
    digest: str

    @property
    def canonical(self) -> str:
        """The whole name, with everything that was left out."""
        tag = f":{self.tag}" if self.tag else ""
        return f"{self.domain}/{self.path}{tag}{f'@{self.digest}' if self.digest else ''}"

    @property
    def name(self) -> str:
        """The last part of the path: what the image is called."""
        return self.path.rpartition("/")[2]


def image_of(text: str) -> Image | None:
    """The reference in a text, None if it is none."""
    first, slash, rest = text.partition("/")
    has_domain = bool(slash) and ("." in first or ":" in first or first == "localhost" or first.lower() != first)
    domain, path = (first, rest) if has_domain else (DEFAULT_DOMAIN, text)
    if domain == "index.docker.io":
        domain = DEFAULT_DOMAIN
    found = _REFERENCE.fullmatch(f"{domain}/{path}")
    if found is None or found["domain"] is None:
        return None
    path = found["path"]
    if domain == DEFAULT_DOMAIN and "/" not in path:
        path = f"library/{path}"
    return Image(domain, path, found["tag"] or "", found["digest"] or "")
