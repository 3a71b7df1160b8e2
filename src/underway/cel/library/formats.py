"""format.dns1123Label() and its kin. Sources: apiserver pkg/cel/library/format.go, apimachinery util/validation."""

import re
from collections.abc import Callable
from datetime import date
from typing import ClassVar

from underway.cel.go_url import parse_request_uri
from underway.cel.library.patterns import pattern_cost
from underway.cel.overload import Function, free, function, member
from underway.cel.types import FORMAT, STRING, list_of, optional_of
from underway.cel.values import NONE, EvalError, Option

Check = Callable[[str], list[str]]

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_LABEL_1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_NAME = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_NAME})?"
_ALPHANUMERIC = "alphanumeric characters"
_LABEL_RULE = (
    f"a lowercase RFC 1123 label must consist of lower case {_ALPHANUMERIC} or '-', "
    "and must start and end with an alphanumeric character"
)
_SUBDOMAIN_RULE = (
    f"a lowercase RFC 1123 subdomain must consist of lower case {_ALPHANUMERIC}, '-' or '.', "
    "and must start and end with an alphanumeric character"
)
_LABEL_1035_RULE = (
    f"a DNS-1035 label must consist of lower case {_ALPHANUMERIC} or '-', "
    "start with an alphabetic character, and end with an alphanumeric character"
)
_NAME_RULE = f"must consist of {_ALPHANUMERIC}, '-', '_' or '.', and must start and end with an alphanumeric character"
_VALUE_RULE = (
    f"a valid label must be an empty string or consist of {_ALPHANUMERIC}, '-', '_' or '.', "
    "and must start and end with an alphanumeric character"
)
_UUID = re.compile(r"[0-9a-f]{8}(-?[0-9a-f]{4}){3}-?[0-9a-f]{12}", re.IGNORECASE | re.ASCII)
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})")
_TIME = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|([+-][0-9]{2}:[0-9]{2}))")


class Format:
    """A named format; `pattern_size` is what its regular expression counts as in the cost."""

    __slots__ = ("check", "name", "pattern_size")
    cel_name: ClassVar[str] = "kubernetes.NamedFormat"

    def __init__(self, name: str, check: Check, pattern_size: int) -> None:
        self.name = name
        self.check = check
        self.pattern_size = pattern_size

    def equals(self, other: object) -> bool:
        """Whether the other is the same format. Raises EvalError for what is none."""
        if type(other) is not Format:
            raise EvalError("no such overload")
        return self.name == other.name


def _too_long(limit: int, unit: str) -> str:
    return f"must be no more than {limit} {unit}"


def _no_match(rule: str, expression: str, *examples: str) -> str:
    listed = " or ".join(f"'{example}', " for example in examples)
    return f"{rule} (e.g. {listed}regex used for validation is '{expression}')"


def _length(text: str) -> int:
    return len(text.encode())


def _dns1123_label(text: str) -> list[str]:
    found = [_too_long(63, "characters")] if _length(text) > 63 else []
    if not re.fullmatch(_LABEL, text):
        dotted = re.fullmatch(_SUBDOMAIN, text)
        found.append("must not contain dots" if dotted else _no_match(_LABEL_RULE, _LABEL, "my-name", "123-abc"))
    return found


def _dns1123_subdomain(text: str, unit: str = "characters") -> list[str]:
    found = [_too_long(253, unit)] if _length(text) > 253 else []
    if not re.fullmatch(_SUBDOMAIN, text):
        found.append(_no_match(_SUBDOMAIN_RULE, _SUBDOMAIN, "example.com"))
    return found


def _dns1035_label(text: str) -> list[str]:
    found = [_too_long(63, "characters")] if _length(text) > 63 else []
    if not re.fullmatch(_LABEL_1035, text):
        found.append(_no_match(_LABEL_1035_RULE, _LABEL_1035, "my-name", "abc-123"))
    return found


def _prefix_of(check: Check) -> Check:
    """The check of a name's beginning (generateName): a dash at the end is as good as a letter."""
    return lambda text: check(text[:-2] + "a" if len(text) > 1 and text.endswith("-") else text)


def _qualified_name(text: str) -> list[str]:
    found: list[str] = []
    prefix, slash, name = text.rpartition("/")
    rule = _no_match(_NAME_RULE, _NAME, "MyName", "my.name", "123-abc")
    if "/" in prefix:
        return [f"a valid label key {rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')"]
    if slash and not prefix:
        found.append("prefix part must be non-empty")
    elif slash:
        found += [f"prefix part {each}" for each in _dns1123_subdomain(prefix, "bytes")]
    if not name:
        found.append("name part must be non-empty")
    elif _length(name) > 63:
        found.append(f"name part {_too_long(63, 'bytes')}")
    if not re.fullmatch(_NAME, name):
        found.append(f"name part {rule}")
    return found


def _label_value(text: str) -> list[str]:
    found = [_too_long(63, "bytes")] if _length(text) > 63 else []
    if not re.fullmatch(_VALUE, text):
        found.append(_no_match(_VALUE_RULE, _VALUE, "MyValue", "my_value", "12345"))
    return found


def _uri(text: str) -> list[str]:
    found = parse_request_uri(text)
    return [found] if isinstance(found, str) else []


def _uuid(text: str) -> list[str]:
    return [] if _UUID.fullmatch(text) else ["does not match the UUID format"]


def _byte(text: str) -> list[str]:
    return [] if _BASE64.fullmatch(text) else ["invalid base64"]


def _is_date(text: str) -> bool:
    if not re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text, re.ASCII):
        return False
    try:
        date.fromisoformat(
            text if text[:4] != "0000" else f"0400{text[4:]}"
        )  # the year 0, which datetime lacks, leaps as 400 does
    except ValueError:
        return False
    return True


def _date(text: str) -> list[str]:
    return [] if _is_date(text) else ["invalid date"]


def _datetime(text: str) -> list[str]:
    day, separator, rest = text.lower().partition("t")
    match = _TIME.fullmatch(rest.partition("t")[0])
    valid = separator and _is_date(day) and match and match[1] <= "23" and match[2] <= "59" and match[3] <= "59"
    return [] if valid else ["invalid datetime"]


# How expressions call it, its own name, the check, the size of its expression (ConstantFormats).
_FORMATS: dict[str, Format] = {
    "dns1123Label": Format("DNS1123Label", _dns1123_label, 30),
    "dns1123Subdomain": Format("DNS1123Subdomain", _dns1123_subdomain, 60),
    "dns1035Label": Format("DNS1035Label", _dns1035_label, 30),
    "qualifiedName": Format("QualifiedName", _qualified_name, 60),
    "dns1123LabelPrefix": Format("DNS1123LabelPrefix", _prefix_of(_dns1123_label), 30),
    "dns1123SubdomainPrefix": Format("DNS1123SubdomainPrefix", _prefix_of(_dns1123_subdomain), 60),
    "dns1035LabelPrefix": Format("DNS1035LabelPrefix", _prefix_of(_dns1035_label), 30),
    "labelValue": Format("LabelValue", _label_value, 40),
    "uri": Format("URI", _uri, 1103),
    "uuid": Format("uuid", _uuid, 80),
    "byte": Format("byte", _byte, 84),
    "date": Format("date", _date, 81),
    "datetime": Format("datetime", _datetime, 81),
}


def _validate(of: Format, text: str) -> Option:
    found = of.check(text)
    return Option(found) if found else NONE


def _named(name: str) -> Option:
    found = _FORMATS.get(name)
    return NONE if found is None else Option(found)


def _constant(name: str, of: Format) -> Function:
    return function(f"format.{name}", free(f"format.{name}", (), FORMAT, lambda: of))


FUNCTIONS: tuple[Function, ...] = (
    function(
        "validate",
        member(
            "format-validate",
            (FORMAT, STRING),
            optional_of(list_of(STRING)),
            _validate,
            lambda args, _: pattern_cost(len(args[1]), args[0].pattern_size),
        ),
    ),
    function("format.named", free("format-named", (STRING,), optional_of(FORMAT), _named)),
    *(_constant(name, of) for name, of in _FORMATS.items()),
)
