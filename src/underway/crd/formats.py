"""The formats of text that the API server checks.

Sources: kube-openapi pkg/validation/strfmt, internal/third_party/govalidator; apiextensions pkg/apiserver/validation/formats.go.

A format's name is taken without its dashes; one that is not here is not checked.
"""

import base64
import binascii
import ipaddress
import re
from collections.abc import Callable
from datetime import date

import re2

from underway.crd.names import DNS1123_LABEL, SUBDOMAIN

_UUID = "(?i)^[0-9a-f]{8}-?[0-9a-f]{4}-?%s[0-9a-f]{%d}-?%s[0-9a-f]{%d}-?[0-9a-f]{12}$"
_HOSTNAME = re2.compile(
    r"^([a-zA-Z0-9\p{S}\p{L}]((-?[a-zA-Z0-9\p{S}\p{L}]{0,62})?)|([a-zA-Z0-9\p{S}\p{L}]"
    r"(([a-zA-Z0-9-\p{S}\p{L}]{0,61}[a-zA-Z0-9\p{S}\p{L}])?)(\.)){1,}([a-zA-Z\p{L}]){2,63})$"
)
_DURATION_UNITS = (
    "nanoseconds?|nanos?|ns|microseconds?|micros?|us|µs|μs|milliseconds?|millis?|ms|"
    "seconds?|secs?|s|minutes?|mins?|m|hours?|hrs?|h|days?|d|weeks?|wks?|w"
)
_GO_DURATION = re.compile(r"[-+]?(0|((\d+(\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)")
_WORDY_DURATION = re.compile(rf"(\d+)\s*({_DURATION_UNITS})")
_DATE_TIME = re.compile(r"(\d{4}-\d\d-\d\d)[Tt ](\d\d):(\d\d):(\d\d)(\.\d+)?([Zz]|[+-]\d\d:?\d\d)?")
_CREDIT_CARD = re.compile(
    r"(?:4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|(222[1-9]|22[3-9][0-9]|2[3-6][0-9]{2}|27[01][0-9]|2720)[0-9]{12}|"
    r"6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11}|6[27][0-9]{14})"
)
_EMAIL = re.compile(r"(?:[^<>@]*<\s*)?[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*@[^\s@<>,;]+(?:\s*>)?")
_URI = re.compile(r"(?:[A-Za-z][A-Za-z0-9+.-]*:[^\s]*|/[^\s]*)")
_MAC = re.compile(r"(?:[0-9A-Fa-f]{2}([:-]))(?:[0-9A-Fa-f]{2}\1)+[0-9A-Fa-f]{2}|(?:[0-9A-Fa-f]{4}\.)+[0-9A-Fa-f]{4}")
_MAC_DIGITS = (12, 16, 40)
_RGB = re.compile(
    r"rgb\(\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*,\s*(0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])\s*\)"
)


def _matches(pattern: str) -> Callable[[str], bool]:
    compiled = re2.compile(pattern)
    return lambda text: compiled.search(text) is not None


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


def _base64(text: str) -> bool:
    try:
        return bool(text) and base64.b64decode(text, validate=True) is not None
    except (binascii.Error, ValueError):
        return False


def _date(text: str) -> bool:
    try:
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text)) and date.fromisoformat(text) is not None
    except ValueError:
        return False


def _date_time(text: str) -> bool:
    found = _DATE_TIME.fullmatch(text)
    if found is None or not _date(found[1]):
        return False
    return int(found[2]) <= 23 and int(found[3]) <= 59 and int(found[4]) <= 59


def _duration(text: str) -> bool:
    if _GO_DURATION.fullmatch(text):
        return True
    return _WORDY_DURATION.search(text) is not None


def _is_name(text: str, pattern: str, length_max: int) -> bool:
    return len(text) <= length_max and re.fullmatch(pattern, text) is not None


FORMATS: dict[str, Callable[[str], bool]] = {
    "bsonobjectid": _matches("^[0-9a-fA-F]{24}$"),
    "uri": lambda text: _URI.fullmatch(text) is not None,
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
    "ssn": _matches(r"^\d{3}[- ]?\d{2}[- ]?\d{4}$"),
    "hexcolor": _matches("^#?([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$"),
    "rgbcolor": lambda text: _RGB.fullmatch(text) is not None,
    "byte": _base64,
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
