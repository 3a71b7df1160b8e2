"""The paths of a host on which regular expressions are on: every one is `~* "^PATH"`, and what a route can make of it.

Owns the shapes of expressions that are prefixes in disguise. Case never counts there, and ^ alone is an anchor: what that adds is
said by who uses the shape.
Source: kubernetes/ingress-nginx internal/ingress/controller/template/template.go (buildLocation, buildProxyPass).
"""

import re

import msgspec

from underway.ingress.ir import EXACT, PREFIX, REGEX, Path, Rewrite

# What people write for "this prefix": /x, /x/, /x.*, /x(.*), /x/(.*), /x(/|$)(.*), /x/?(.*), /x$ and their kin.
LITERAL = re.compile(r"^\^?(?P<literal>(?:/(?:[A-Za-z0-9_~!&=:@,;%-]|\\\.|(?<!\\)\.(?![*+?]))*)+)(?P<rest>.*)$")
SEGMENT = ("(/|$)(.*)", "(?:/|$)(.*)", "(/|$)", "(/|$).*", "(/.*|$)", "(/.*)?", "($|/)(.*)", "(/(.*)|$)", "(/(.*))?", "(/.*)?$")
STRING = ("", "(.*)", ".*", "(.*)$", ".*$", "/?(.*)", "/?.*", "(|/)(.*)", "(.+)?")
CAPTURE = {
    "(/|$)(.*)": 2, "(?:/|$)(.*)": 1, "($|/)(.*)": 2, "(/(.*)|$)": 2, "(/(.*))?": 2, "(|/)(.*)": 2,
    "(.*)": 1, "(.*)$": 1, "/?(.*)": 1, "(/.*)?": 1, "(/.*|$)": 1, "(/.*)?$": 1, "(.+)?": 1,
}  # fmt: skip
PCRE = re.compile(r"\(\?(?:[=!]|<[=!]|>|\(|R)|\\[1-9]|[*+?}]\+")
PROGRAM_BYTES_MAX = 8 << 20  # of a compiled expression: what implementations allow by default
LENGTH_MAX = 1024  # HTTPPathMatch.value
WITH_SLASH = ("(/.*)?", "(/.*|$)", "(/.*)?$")  # the capture begins with the slash


class Shape(msgspec.Struct, frozen=True, gc=False):
    """kind: segment (/x, /x/y), string (/x, /xy), exact (/x alone), all, opaque. capture: the group that holds the rest, 0 for
    none.

    literal: the path in front, without its last slash; slash: whether it was there, so that /x alone does not match.
    """

    kind: str
    literal: str = ""
    rest: str = ""
    slash: bool = False

    @property
    def capture(self) -> int:
        """The number of the group that holds what follows the literal."""
        return CAPTURE.get(self.rest, 0)

    @property
    def path(self) -> Path:
        """The nearest match of a route."""
        if self.kind == "opaque":
            # Anchored in front and open behind, whether an implementation searches or matches in full; RE2 writes (?i) first.
            return Path(REGEX, f"(?i)^{self.literal.removeprefix('^')}.*")
        return Path(EXACT if self.kind == "exact" else PREFIX, self.literal or "/")


def shape_of(pattern: str) -> Shape:
    """What an expression matches. pattern: as it stands in the Ingress."""
    found = LITERAL.match(pattern)
    if found is None:
        return Shape("opaque", pattern)
    literal, rest = found["literal"].replace("\\.", "."), found["rest"]
    slash = literal.endswith("/")
    stem = literal.rstrip("/")
    if rest == "$" and "//" not in literal:
        return Shape("exact", literal)
    if "//" in literal or not _plain(stem):
        return Shape("opaque", pattern)
    if not stem and rest in STRING:
        return Shape("all", "", rest, slash=True)
    if rest in SEGMENT and not slash:
        return Shape("segment", stem, rest)
    if rest in STRING:
        return Shape("segment" if slash else "string", stem, rest, slash)
    return Shape("opaque", pattern)


def _plain(literal: str) -> bool:
    return bool(re.fullmatch(r"[A-Za-z0-9._~!&=:@,;%/-]*", literal)) and not re.search(r"/\.{1,2}(/|$)", literal)


def covers(one: Shape, other: Shape) -> bool:
    """Whether every path that `other` matches is matched by `one`: then `one`, if it is tried first, leaves it nothing."""
    if one.kind == "all":
        return True
    if one.kind in ("opaque", "exact") or other.kind in ("opaque", "all"):
        return False
    stem, below = one.literal.lower(), other.literal.lower().rstrip("/") if other.kind != "exact" else other.literal.lower()
    if one.kind == "string":
        return below.startswith(stem)
    inside = below.startswith(stem + "/") or (below == stem and other.kind != "string" and (not one.slash or other.slash))
    return inside and not (one.slash and below == stem and not other.slash)


def settled(pattern: str, target: str) -> str:
    """A target whose captures all exist: for nginx one that does not is empty."""
    try:
        groups = re.compile(pattern).groups
    except (re.error, RecursionError, OverflowError):
        return target
    return re.sub(r"\$(\d)", lambda found: found[0] if 1 <= int(found[1]) <= groups else "", target) or "/"


def beyond_re2(pattern: str) -> str:
    """Why RE2 does not take an expression, "" if it does: what it does not have (lookaround, possessive quantifiers, references
    back), what it cannot parse, what takes more than a program may."""
    import re2

    found = PCRE.search(pattern)
    if found is not None:
        return f"has {found[0]!r}, which RE2 does not have"
    options = re2.Options()
    options.max_mem, options.log_errors = PROGRAM_BYTES_MAX, False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else "no expression"
        return f"is no expression for RE2: {said.decode(errors='replace') if isinstance(said, bytes) else said}"
    return ""


def rewrite_of(shape: Shape, target: str) -> Rewrite | None:
    """The rewrite that a target means, None if a route has none for it. target: with captures $1 to $9."""
    used = re.findall(r"\$\d", target)
    if "?" in target or target.startswith("http") or re.search(r"\$[^\d]|\$$", target):
        return None
    if not used:
        return Rewrite(full_path=target)
    if len(used) > 1 or not target.endswith(used[0]) or used[0] != f"${shape.capture}":
        return None
    front = target[: -len(used[0])]
    if shape.kind == "all" and front == "/" and shape.slash:
        return Rewrite()
    if shape.kind not in ("segment", "all"):
        return None
    if shape.rest in WITH_SLASH:
        return Rewrite(prefix=front or "/") if not front.endswith("/") else None
    return Rewrite(prefix=front) if front.endswith("/") else None


def substitution(pattern: str, target: str) -> tuple[str, str]:
    """Pattern and substitution for implementations that rewrite by regular expression (RE2: captures are \\1)."""
    rest = "" if pattern.endswith("$") else ".*$"
    return f"(?i)^{pattern.removeprefix('^')}{rest}", re.sub(r"\$(\d)", r"\\\1", target)
