"""The formats of text that the API server checks.

Sources: kube-openapi pkg/validation/strfmt, internal/third_party/govalidator; apiextensions pkg/apiserver/validation/formats.go.

A format's name is taken without its dashes; one that is not here is not checked.
"""

import ipaddress
import re
from calendar import monthrange
from collections.abc import Callable
from typing import Any

from underway.cel.go_url import parse_request_uri
from underway.crd.go_values import INT64_MAX
from underway.crd.names import DNS1123_LABEL, SUBDOMAIN
from underway.crd.node import INT_OR_STRING
from underway.crd.patterns import compiled

_UUID = "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?%s[0-9a-f]{%d}-?%s[0-9a-f]{%d}-?[0-9a-f]{12}$"
_HOSTNAME = compiled(
    r"^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}]"
    r"(([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$"
)
# Units of duration: each as it is, or any word that begins with the last. strfmt/duration.go, timeUnits.
_DURATION_UNITS = (
    ("ns", "nano"), ("us", "µs", "micro"), ("ms", "milli"), ("s", "sec"), ("m", "min"), ("h", "hr", "hour"), ("d", "day"),
    ("w", "wk", "week"),
)  # fmt: skip
_GO_DURATION = re.compile(r"[-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)")
_WORDY_DURATION = re.compile(r"([0-9]+)[\t\n\f\r ]*([A-Za-zµ]+)")
_TIME_OF_DAY = re.compile(r"([0-9]{2}):([0-9]{2}):([0-9]{2})(.[0-9]+)?(z|[+-][0-9]{2}:[0-9]{2})")
_BASE64 = re.compile(r"([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})")
_DATE = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})")
_CREDIT_CARD = re.compile(
    r"(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|"
    r"3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35[0-9]{3})[0-9]{11})"
)
# A mailbox, as Go's mail.ParseAddress takes it, groups apart. Source: Go net/mail message.go (RFC 5322).
_ATEXT = "[A-Za-z0-9!#$%&'*+/=?^_`{|}~\\-\u0080-\U0010ffff]"
_ATOM, _QUOTED = rf"{_ATEXT}+(\.{_ATEXT}+)*", r'"([\t !#-\[\]-~\u0080-\U0010ffff]|\\[\t -~\u0080-\U0010ffff])*"'
_ADDRESS = rf"[ \t]*({_ATOM}|{_QUOTED})@[ \t]*({_ATOM}|\[[!-Z^-~]*\])"
_WORD = rf"({_QUOTED}|({_ATEXT}|\.)+)"
_EMAIL = re.compile(rf"({_ADDRESS}|[ \t]*({_WORD}([ \t]*{_WORD})*)?[ \t]*<{_ADDRESS}>)[ \t]*(\([^()]*\)[ \t]*)*")
_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}\1)+[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{4}\.)+[0-9A-Fa-f]{4}")
_SSN = re.compile("[0-9]{3}[- ][0-9]{2}[- ][0-9]{4}")  # 11 characters: both separators
_MAC_DIGITS = (12, 16, 40)
_RGB = re.compile(
    r"rgb\(\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*\)"
)


def _matches(pattern: str) -> Callable[[str], bool]:
    expression = compiled(pattern)
    return lambda text: expression.search(text) is not None


def _hostname(text: str) -> bool:
    if _HOSTNAME.search(text) is None or len(text.encode()) > 255:
        return False
    return all(len(part.encode()) <= 63 for part in text.split("."))


def _address(text: str, *, version: int) -> bool:
    """Leading zeros are put up with, as before Go 1.17."""
    if version == 4:
        parts = text.split(".")
        if ":" in text:
            return "." in text and _address(text, version=6)
        return len(parts) == 4 and all(
            part.isascii() and part.isdigit() and len(part) <= 3 and int(part) <= 255 for part in parts
        )
    try:
        return ":" in text and "%" not in text and ipaddress.IPv6Address(text) is not None
    except ValueError:
        return False


def _cidr(text: str) -> bool:
    address, slash, bits = text.partition("/")
    four = _address(address, version=4) and ":" not in address
    if not slash or not (bits.isascii() and bits.isdigit()) or (len(bits) > 1 and bits[0] == "0" and int(bits) > 128):
        return False
    return int(bits) <= (32 if four else 128) and (four or _address(address, version=6))


def _mac(text: str) -> bool:
    digits = re.sub("[^0-9A-Fa-f]", "", text)
    return len(digits) in _MAC_DIGITS and _MAC.fullmatch(text) is not None


def _isbn10(text: str) -> bool:
    digits = re.sub(r"[\s-]+", "", text)
    if not re.fullmatch(r"(?:[0-9]{9}X|[0-9]{10})", digits):
        return False
    total = sum((index + 1) * int(digit) for index, digit in enumerate(digits[:9]))
    return (total + 10 * (10 if digits[9] == "X" else int(digits[9]))) % 11 == 0


def _isbn13(text: str) -> bool:
    digits = re.sub(r"[\s-]+", "", text)
    if not re.fullmatch(r"[0-9]{13}", digits):
        return False
    total = sum((3 if index % 2 else 1) * int(digit) for index, digit in enumerate(digits[:12]))
    return (10 - total % 10) % 10 == int(digits[12])


def _credit_card(text: str) -> bool:
    digits = re.sub(r"[^0-9]+", "", text)
    if not _CREDIT_CARD.fullmatch(digits):
        return False
    doubled = [int(digit) * (2 if index % 2 else 1) for index, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


def _date(text: str) -> bool:
    found = _DATE.fullmatch(text)
    if found is None or not 1 <= int(found[2]) <= 12:
        return False
    # Go's calendar has a year 0, a leap year like 2000.
    return 1 <= int(found[3]) <= monthrange(int(found[1]) or 2000, int(found[2]))[1]


def _date_time(text: str) -> bool:
    day, *rest = text.lower().split("t")
    found = _TIME_OF_DAY.fullmatch(rest[0]) if rest else None
    return found is not None and _date(day) and found[1] <= "23" and found[2] <= "59" and found[3] <= "59"


def _duration(text: str) -> bool:
    """As Go writes them, or with days, weeks and words ("5 minutes"): one known unit is enough."""
    if _GO_DURATION.fullmatch(text):
        return True
    found = [(int(count), unit.lower()) for count, unit in _WORDY_DURATION.findall(text)]
    if any(count > INT64_MAX for count, _ in found):
        return False
    return any(unit in names or unit.startswith(names[-1]) for _, unit in found for names in _DURATION_UNITS)


def _is_name(text: str, pattern: str, length_max: int) -> bool:
    return len(text) <= length_max and re.fullmatch(pattern, text) is not None


FORMATS: dict[str, Callable[[str], bool]] = {
    "bsonobjectid": _matches("^[0-9a-fA-F]{24}$"),
    "uri": lambda text: not isinstance(parse_request_uri(text), str),
    "email": lambda text: _EMAIL.fullmatch(text) is not None,
    "hostname": _hostname,
    "ipv4": lambda text: _address(text, version=4),
    "ipv6": lambda text: _address(text, version=6),
    "cidr": _cidr,
    "mac": _mac,
    "uuid": _matches(_UUID % ("", 4, "", 4)),
    "uuid3": _matches(_UUID % ("3", 3, "", 4)),
    "uuid4": _matches(_UUID % ("4", 3, "[89ab]", 3)),
    "uuid5": _matches(_UUID % ("5", 3, "[89ab]", 3)),
    "isbn": lambda text: _isbn10(text) or _isbn13(text),
    "isbn10": _isbn10,
    "isbn13": _isbn13,
    "creditcard": _credit_card,
    "ssn": lambda text: _SSN.fullmatch(text) is not None,
    "hexcolor": _matches("^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"),
    "rgbcolor": lambda text: _RGB.fullmatch(text) is not None,
    "byte": lambda text: _BASE64.fullmatch(text) is not None,
    "password": lambda _: True,
    "date": _date,
    "duration": _duration,
    "datetime": _date_time,
    "k8sshortname": lambda text: _is_name(text, DNS1123_LABEL, 63),
    "k8slongname": lambda text: _is_name(text, SUBDOMAIN, 253),
}
NUMERIC = {"integer": ("int32", "int64"), "number": ("float", "double")}


def known(type_: str, format_: str) -> str:
    """The format if the server checks it on this type, else "".  Source: apiextensions pkg/apiserver/validation/formats.go."""
    if type_ in ("", "string"):
        return format_ if format_.replace("-", "") in FORMATS else ""
    return format_ if format_ in NUMERIC.get(type_, ()) else ""


def stripped(schema: Any) -> Any:
    """A schema without the formats that the server does not check, as it holds objects against it (but not defaults)."""
    if isinstance(schema, list):
        return [stripped(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    kept = {name: part if name in ("default", "enum", "example") else stripped(part) for name, part in schema.items()}
    if isinstance(schema.get("properties"), dict):
        kept["properties"] = {name: stripped(part) for name, part in schema["properties"].items()}
    format_ = schema.get("format")
    if isinstance(format_, str):
        kept["format"] = known("" if schema.get(INT_OR_STRING) else schema.get("type") or "", format_)
    return kept
