"""Numbers, strings, times and durations as Go reads and writes them, since the API server's CEL is written in Go.

Sources: Go strconv (FormatFloat, ParseFloat, Quote), time (Parse with RFC3339, Format with RFC3339Nano, ParseDuration).
"""

import math
import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

SECOND_NS = 10**9
_UNIT_NS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_DURATION_PART = re.compile(r"([0-9]*)(?:\.([0-9]*))?(ns|us|µs|μs|ms|s|m|h)")
_RFC3339 = re.compile(r"(\d{4})-(\d{2})-(\d{2})T(\d{1,2}):(\d{2}):(\d{2})(?:[.,](\d+))?(?:(Z)|([+-])(\d{2}):(\d{2}))", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_HEXADECIMAL = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F_]+\.?[0-9a-fA-F_]*|\.[0-9a-fA-F_]+)[pP][+-]?[0-9]+")
_SPECIAL = re.compile(r"[+-]?(?:inf|infinity)|nan", re.IGNORECASE)
_EPOCH = date(1970, 1, 1).toordinal()


def parse_float(text: str) -> float | None:
    """strconv.ParseFloat: None for what is no number or too large for one."""
    if _SPECIAL.fullmatch(text):
        return float(text)
    if _DECIMAL.fullmatch(text):
        value = float(text)
    elif _HEXADECIMAL.fullmatch(text):
        try:
            value = float.fromhex(text.replace("_", ""))
        except OverflowError:
            return None
    else:
        return None
    return None if math.isinf(value) else value


def _special(value: float) -> str:
    if value != value:
        return "NaN"
    return "+Inf" if value > 0 else "-Inf"


def format_general(value: float) -> str:
    """%g of the shortest digits; an exponent below -4, or from 6 on, is written as one."""
    if value - value != 0:
        return _special(value)
    sign, digits, exponent = _digits(value)
    point = len(digits) + exponent  # where the decimal point stands among the digits
    if value == 0:
        return f"{sign}0"
    power = point - 1
    if not -4 <= power < 6:
        fraction = f".{digits[1:]}" if len(digits) > 1 else ""
        return f"{sign}{digits[0]}{fraction}e{'-' if power < 0 else '+'}{abs(power):02d}"
    return sign + _plain(digits, point)


def format_plain(value: float) -> str:
    """strconv.FormatFloat(value, 'f', -1, 64): the shortest digits, never an exponent."""
    if value - value != 0:
        return _special(value)
    sign, digits, exponent = _digits(value)
    return sign + ("0" if value == 0 else _plain(digits, len(digits) + exponent))


def _digits(value: float) -> tuple[str, str, int]:
    negative, digits, exponent = Decimal(repr(value)).as_tuple()
    text = "".join(map(str, digits)).lstrip("0") or "0"
    cut = text.rstrip("0") or "0"
    return "-" if negative else "", cut, int(exponent) + len(text) - len(cut)


def _plain(digits: str, point: int) -> str:
    if point <= 0:
        return f"0.{'0' * -point}{digits}"
    if point >= len(digits):
        return digits + "0" * (point - len(digits))
    return f"{digits[:point]}.{digits[point:]}"


def quote(text: str) -> str:
    """strconv.Quote: double quotes, and escapes for what does not print."""
    simple = {"\a": "\\a", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v", "\\": "\\\\", '"': '\\"'}
    parts: list[str] = []
    for sign in text:
        code = ord(sign)
        if sign in simple:
            parts.append(simple[sign])
        elif sign.isprintable():
            parts.append(sign)
        elif code < 0x80:
            parts.append(f"\\x{code:02x}")
        else:
            parts.append(f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}")
    return f'"{"".join(parts)}"'


def parse_duration(text: str) -> int | None:
    """time.ParseDuration in nanoseconds; None for what is none, or longer than 64 bits hold."""
    sign = -1 if text[:1] == "-" else 1
    rest = text[1:] if text[:1] in ("-", "+") else text
    if rest == "0":
        return 0
    total = at = 0
    while at < len(rest):
        match = _DURATION_PART.match(rest, at)
        if match is None or not (match.group(1) or match.group(2)):
            return None
        unit = _UNIT_NS[match.group(3)]
        total += int(match.group(1) or 0) * unit
        fraction = match.group(2)
        if fraction:
            total += int(fraction) * unit // 10 ** len(fraction)
        at = match.end()
    if not rest or total > 2**63 - (sign > 0):
        return None
    return sign * total


def format_duration(ns: int) -> str:
    """A duration as CEL writes it: seconds, in the shortest digits of a double."""
    seconds, rest = divmod(abs(ns), SECOND_NS)
    total = seconds + rest / 1e9
    return f"{format_plain(-total if ns < 0 else total)}s"


def parse_time(text: str) -> tuple[int, int] | None:
    """time.Parse(time.RFC3339): nanoseconds since 1970 and the offset in seconds; None for what is no time."""
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    year, month, day, hour, minute, second = (int(match.group(n)) for n in range(1, 7))
    if hour > 23 or minute > 59 or second > 59:
        return None
    offset_s = 0
    if not match.group(8):
        offset_hour, offset_minute = int(match.group(10)), int(match.group(11))
        if offset_hour > 24 or offset_minute > 59:
            return None
        offset_s = (-1 if match.group(9) == "-" else 1) * (offset_hour * 3600 + offset_minute * 60)
    days = days_since_epoch(year, month, day)
    if days is None:
        return None
    ns = int(((match.group(7) or "") + "0" * 9)[:9])
    return (days * 86400 + hour * 3600 + minute * 60 + second - offset_s) * SECOND_NS + ns, offset_s


def days_since_epoch(year: int, month: int, day: int) -> int | None:
    """Days from 1970-01-01 to a date of the years 0 to 9999; None for a date that is none."""
    try:
        # The year 0 is a leap year and unknown to datetime: 400 years later the calendar is the same.
        return date(year or 400, month, day).toordinal() - _EPOCH - (0 if year else 146097)
    except ValueError:
        return None


def format_time(ns: int, offset_s: int) -> str:
    """time.Format(time.RFC3339Nano) at an offset."""
    seconds, fraction = divmod(ns, SECOND_NS)
    local = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds + offset_s)
    text = f"{local.year:04d}-{local.month:02d}-{local.day:02d}T{local.hour:02d}:{local.minute:02d}:{local.second:02d}"
    if fraction:
        text += f".{fraction:09d}".rstrip("0")
    if offset_s == 0:
        return text + "Z"
    minutes = abs(offset_s) // 60
    return f"{text}{'-' if offset_s < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}"
