"""The annotations of one Ingress under a controller's prefix: how flags, numbers and lists are read, and what is said of them.

Owns the parsing that controllers share (Go's strconv): what cannot be parsed counts as its default there, and is said here.
"""

import re
from urllib.parse import SplitResult, urlsplit

import msgspec

from underway.ingress.losses import Loss, Where
from underway.ingress.source import ConfigMap, Ingress

HOSTNAME = re.compile(r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$")  # PreciseHostname
TRUE = ("1", "t", "T", "TRUE", "true", "True")  # strconv.ParseBool
FALSE = ("0", "f", "F", "FALSE", "false", "False")


def address(text: str) -> SplitResult | None:
    """The parts of a URL with scheme and host, None if it is no URL: a broken port or bracket included."""
    try:
        parts = urlsplit(text)
        usable = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return parts if usable and HOSTNAME.match(parts.hostname or "") else None


class Annotations:
    """What one Ingress says under the prefix of a controller. losses: what is found wrong while reading; said: what was said
    once already;
    config_maps: by namespace/name."""

    def __init__(self, ingress: Ingress, config_maps: dict[str, ConfigMap], prefix: str) -> None:
        self.ingress, self.config_maps, self.prefix = ingress, config_maps, prefix
        self.given = {
            key.removeprefix(prefix): text.strip() for key, text in ingress.annotations.items() if key.startswith(prefix)
        }
        self.losses: list[Loss] = []
        self.said: set[str] = set()

    def without(self, annotations: dict[str, str]) -> "Annotations":
        """The same Ingress with other annotations; what is said of them is said of this one."""
        made = Annotations(msgspec.structs.replace(self.ingress, annotations=annotations), self.config_maps, self.prefix)
        made.losses, made.said = self.losses, self.said
        return made

    def __contains__(self, key: str) -> bool:
        return key in self.given

    def text(self, key: str, default: str = "") -> str:
        """A text; empty is as good as absent."""
        return self.given.get(key) or default

    def flag(self, key: str, default: bool) -> bool:
        """A truth value."""
        text = self.given.get(key)
        if text is None:
            return default
        if text not in (*TRUE, *FALSE):
            self.lose("invalid", key, f"is {text!r}: neither true nor false; the controller takes it for {str(default).lower()}")
            return default
        return text in TRUE

    def number(self, key: str, default: int) -> int:
        """A whole number."""
        text = self.given.get(key)
        if text is None:
            return default
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            self.lose("invalid", key, f"is {text!r}: no whole number; the controller takes {default}")
            return default
        return int(text)

    def words(self, key: str) -> tuple[str, ...]:
        """A list with commas, each word once."""
        return tuple(dict.fromkeys(word.strip() for word in self.text(key).split(",") if word.strip()))

    def where(self, key: str) -> Where:
        """Where an annotation stands."""
        base = self.ingress.where
        return Where(base.source, (*base.path, "metadata", "annotations", self.prefix + key))

    def lose(self, kind: str, key: str, reason: str, remedy: str = "", witness: str = "", code: str = "") -> None:
        """Say that an annotation is not as it was."""
        hosts = tuple(rule.host for rule in self.ingress.rules) or ("",)
        self.losses.append(
            Loss(kind, self.where(key), self.ingress.object, f"{key} {reason}", remedy, code or key, witness, hosts)
        )
