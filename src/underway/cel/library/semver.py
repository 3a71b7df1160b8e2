"""semver('1.2.3-rc.1'). Sources: apiserver pkg/cel/library/semverlib.go, github.com/blang/semver v4."""

import re
from typing import Any, ClassVar

from underway.cel.go_text import quote
from underway.cel.library.strings import traversal
from underway.cel.overload import Function, free, function, member
from underway.cel.types import BOOL, INT, SEMVER, STRING
from underway.cel.values import EvalError

_DIGITS = re.compile(r"[0-9]+", re.ASCII)
_ALPHANUMERIC = re.compile(r"[0-9A-Za-z-]+", re.ASCII)
_UINT64_MAX = 2**64 - 1


class Semver:
    """A semantic version; what is built for it ("+...") plays no part in comparisons."""

    __slots__ = ("numbers", "pre")
    cel_name: ClassVar[str] = "kubernetes.Semver"

    def __init__(self, numbers: tuple[int, ...], pre: tuple[int | str, ...]) -> None:
        self.numbers = numbers
        self.pre = pre

    def equals(self, other: object) -> bool:
        """Whether the other ranks the same. Raises EvalError for what is no version."""
        if type(other) is not Semver:
            raise EvalError("no such overload")
        return compare(self, other) == 0


def compare(one: Semver, other: Semver) -> int:
    """-1, 0 or 1: a pre-release comes before its release, a number before a word."""
    mine, its = _rank(one), _rank(other)
    return (mine > its) - (mine < its)


def _rank(version: Semver) -> tuple[Any, ...]:
    parts = tuple((0, part, "") if isinstance(part, int) else (1, 0, part) for part in version.pre)
    return (version.numbers, not version.pre, parts)


def _number(name: str, text: str) -> int | str:
    if not _DIGITS.fullmatch(text):
        return f"Invalid character(s) found in {name} number {quote(text)}"
    if len(text) > 1 and text[0] == "0":
        return f"{name.capitalize()} number must not contain leading zeroes {quote(text)}"
    value = int(text)
    return value if value <= _UINT64_MAX else f"strconv.ParseUint: parsing {quote(text)}: value out of range"


def parse(text: str) -> Semver | str:
    """The version, or why it is none."""
    if not text:
        return "Version string empty"
    parts = text.split(".", 2)
    if len(parts) != 3:
        return "No Major.Minor.Patch elements found"
    rest, plus, build = parts[2].partition("+")
    patch, dash, pre = rest.partition("-")
    numbers: list[int] = []
    for name, written in (("major", parts[0]), ("minor", parts[1]), ("patch", patch)):
        value = _number(name, written)
        if isinstance(value, str):
            return value
        numbers.append(value)
    marks: list[int | str] = []
    for mark in pre.split(".") if dash else ():
        read = _pre_release(mark)
        if isinstance(read, str) and read != mark:
            return read
        marks.append(read)
    for mark in build.split(".") if plus else ():
        if not mark:
            return "Build meta data is empty"
        if not _ALPHANUMERIC.fullmatch(mark):
            return f"Invalid character(s) found in build meta data {quote(mark)}"
    return Semver(tuple(numbers), tuple(marks))


def _pre_release(mark: str) -> int | str:
    """A part of a pre-release as a number or itself, or why it is none."""
    if not mark:
        return "Prerelease is empty"
    if _DIGITS.fullmatch(mark):
        if len(mark) > 1 and mark[0] == "0":
            return f"Numeric PreRelease version must not contain leading zeroes {quote(mark)}"
        value = int(mark)
        return value if value <= _UINT64_MAX else f"strconv.ParseUint: parsing {quote(mark)}: value out of range"
    return mark if _ALPHANUMERIC.fullmatch(mark) else f"Invalid character(s) found in prerelease {quote(mark)}"


def _parse_normalized(text: str) -> Semver | str:
    """Without a leading "v", with missing numbers as 0, without leading zeroes."""
    parts = text.removeprefix("v").split(".", 2)
    for index, part in enumerate(parts):
        if len(part) > 1:
            stripped = part.lstrip("0")
            parts[index] = stripped if stripped and stripped[0] in "0123456789" else "0" + stripped
    if len(parts) < 3:
        if "+" in parts[-1] or "-" in parts[-1]:
            return "short version cannot contain PreRelease/Build meta data"
        parts += ["0"] * (3 - len(parts))
    return parse(".".join(parts))


def _read(text: str, normalize: bool = False) -> Semver | str:
    return _parse_normalized(text) if normalize else parse(text)


def _semver(text: str, normalize: bool = False) -> Semver:
    found = _read(text, normalize)
    if isinstance(found, str):
        raise EvalError(found)
    return found


def _is_semver(text: str, normalize: bool = False) -> bool:
    return isinstance(_read(text, normalize), Semver)


FUNCTIONS: tuple[Function, ...] = (
    function(
        "semver",
        free("string_to_semver", (STRING,), SEMVER, _semver, traversal),
        free("string_bool_to_semver", (STRING, BOOL), SEMVER, _semver, traversal),
    ),
    function(
        "isSemver",
        free("is_semver_string", (STRING,), BOOL, _is_semver, traversal),
        free("is_semver_string_bool", (STRING, BOOL), BOOL, _is_semver, traversal),
    ),
    function(
        "isGreaterThan", member("semver_is_greater_than", (SEMVER, SEMVER), BOOL, lambda one, other: compare(one, other) == 1)
    ),
    function("isLessThan", member("semver_is_less_than", (SEMVER, SEMVER), BOOL, lambda one, other: compare(one, other) == -1)),
    function("compareTo", member("semver_compare_to", (SEMVER, SEMVER), INT, compare)),
    function("major", member("semver_major", (SEMVER,), INT, lambda value: value.numbers[0])),
    function("minor", member("semver_minor", (SEMVER,), INT, lambda value: value.numbers[1])),
    function("patch", member("semver_patch", (SEMVER,), INT, lambda value: value.numbers[2])),
)
