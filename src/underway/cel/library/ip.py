"""ip() and cidr(). Sources: apiserver pkg/cel/library/ip.go and cidr.go; Go net/netip for what is an address."""

import ipaddress
import re
from math import ceil
from typing import Any, ClassVar

from underway.cel.go_text import quote
from underway.cel.library.strings import traversal
from underway.cel.overload import Function, free, function, member
from underway.cel.types import BOOL, CIDR, INT, IP, STRING
from underway.cel.values import EvalError, size

_Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_BITS = re.compile(r"0|[1-9][0-9]*", re.ASCII)


class IpValue:
    """An address, never one with a zone or an IPv4 address in IPv6's clothes."""

    __slots__ = ("address",)
    cel_name: ClassVar[str] = "net.IP"

    def __init__(self, address: _Address) -> None:
        self.address = address

    def __len__(self) -> int:
        return self.address.max_prefixlen // 8

    def __str__(self) -> str:
        return str(self.address)

    def equals(self, other: object) -> bool:
        """Whether the other is the same address. Raises EvalError for what is none."""
        if type(other) is not IpValue:
            raise EvalError("no such overload")
        return self.address == other.address


class CidrValue:
    """An address and the length of its prefix; bits behind the prefix may be set."""

    __slots__ = ("address", "bits")
    cel_name: ClassVar[str] = "net.CIDR"

    def __init__(self, address: _Address, bits: int) -> None:
        self.address = address
        self.bits = bits

    def __len__(self) -> int:
        return ceil(self.bits / 8)

    def __str__(self) -> str:
        return f"{self.address}/{self.bits}"

    def equals(self, other: object) -> bool:
        """Whether the other has the same address and length. Raises EvalError for what is none."""
        if type(other) is not CidrValue:
            raise EvalError("no such overload")
        return self.address == other.address and self.bits == other.bits

    def contains(self, address: _Address) -> bool:
        """Whether an address has the prefix."""
        if address.version != self.address.version:
            return False
        shift = address.max_prefixlen - self.bits
        return int(address) >> shift == int(self.address) >> shift

    def masked(self) -> "CidrValue":
        """The same with the bits behind the prefix cleared."""
        shift = self.address.max_prefixlen - self.bits
        return CidrValue(type(self.address)(int(self.address) >> shift << shift), self.bits)


def _read(text: str) -> _Address | str:
    """netip.ParseAddr: the address, or why it is none."""
    refused = f"ParseAddr({quote(text)}): "
    for sign in text:
        if sign in ".:":
            break
        if sign == "%":
            return refused + "missing IPv6 address"
    else:
        return refused + "unable to parse IP"
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return refused + (_why_not_v4(text) if sign == "." else "unable to parse IP")


def _why_not_v4(text: str) -> str:
    fields = text.split(".")
    for index, field in enumerate(fields):
        bad = re.search(r"[^0-9]", field)
        if bad is not None:
            return f"unexpected character (at {quote('.'.join([field[bad.start() :], *fields[index + 1 :]]))})"
        if len(field) > 1 and field.startswith("0"):
            return "IPv4 field has octet with leading zero"
        if field and int(field) > 255:
            return "IPv4 field has value >255"
        if not field:
            return f"IPv4 field must have at least one digit (at {quote('.' + '.'.join(fields[max(index, 1) :]))})"
    return "IPv4 address too short" if len(fields) < 4 else "IPv4 address too long"


def _parse_ip(text: str) -> _Address | str:
    found = _read(text)
    if isinstance(found, str):
        return f"IP Address {quote(text)} parse error during conversion from string: {found}"
    if isinstance(found, ipaddress.IPv6Address):
        if found.scope_id is not None:
            return f"IP address {quote(text)} with zone value is not allowed"
        if found.ipv4_mapped is not None:
            return f"IPv4-mapped IPv6 address {quote(text)} is not allowed"
    return found


def _parse_cidr(text: str) -> CidrValue | str:
    refused = f"network address parse error during conversion from string: netip.ParsePrefix({quote(text)}): "
    written, slash, bits = text.rpartition("/")
    if not slash:
        return refused + "no '/'"
    address = _read(written)
    if isinstance(address, str):
        return refused + address
    if isinstance(address, ipaddress.IPv6Address) and address.scope_id is not None:
        return refused + "IPv6 zones cannot be present in a prefix"
    if not _BITS.fullmatch(bits):
        return refused + f"bad bits after slash: {quote(bits)}"
    if int(bits) > address.max_prefixlen:
        return refused + "prefix length out of range"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        return f"IPv4-mapped IPv6 address {quote(str(address))} is not allowed"
    return CidrValue(address, int(bits))


def _ip(text: str) -> IpValue:
    found = _parse_ip(text)
    if isinstance(found, str):
        raise EvalError(found)
    return IpValue(found)


def _cidr(text: str) -> CidrValue:
    found = _parse_cidr(text)
    if isinstance(found, str):
        raise EvalError(f"network address parse error during conversion from string: {found}")
    return found


def _link_local_multicast(value: Any) -> bool:
    address = value.address
    if address.version == 4:
        return int(address) >> 8 == 0xE00000
    return int(address) >> 120 == 0xFF and int(address) >> 112 & 0x0F == 0x02


def _link_local(address: _Address) -> bool:
    return int(address) >> 16 == 0xA9FE if address.version == 4 else int(address) >> 118 == 0x3FA


def _global_unicast(value: Any) -> bool:
    address = value.address
    if address.version == 4 and (int(address) in (0, 2**32 - 1)):
        return False
    return not (address.is_unspecified or address.is_loopback or address.is_multicast or _link_local(address))


def _contains_cidr(one: Any, other: Any) -> bool:
    return bool(one.bits <= other.bits and one.contains(other.address))


def _contains_ip_text(of: CidrValue, text: str) -> bool:
    found = _parse_ip(text)
    if isinstance(found, str):
        raise EvalError("no such overload")  # the reason gets lost on the API server as well
    return of.contains(found)


def _contains_ip_cost(*, text: bool) -> Any:
    return lambda args, _: ceil(2 * size(args[0]) * 0.1) + (ceil(size(args[1]) * 0.1) if text else 0)


def _contains_cidr_cost(*, text: bool) -> Any:
    return lambda args, _: (
        ceil(2 * size(args[0]) * 0.1) + ceil(size(args[0]) * 0.1) + 1 + (ceil(size(args[1]) * 0.1) if text else 0)
    )


FUNCTIONS: tuple[Function, ...] = (
    function(
        "ip",
        free("string_to_ip", (STRING,), IP, _ip, traversal),
        member("cidr_ip", (CIDR,), IP, lambda value: IpValue(value.address)),
    ),
    function("isIP", free("is_ip", (STRING,), BOOL, lambda text: not isinstance(_parse_ip(text), str), traversal)),
    function(
        "ip.isCanonical",
        free("ip_is_canonical", (STRING,), BOOL, lambda text: str(_ip(text)) == text, lambda args, _: ceil(size(args[0]) * 0.2)),
    ),
    function("family", member("ip_family", (IP,), INT, lambda value: value.address.version)),
    function("isUnspecified", member("ip_is_unspecified", (IP,), BOOL, lambda value: value.address.is_unspecified)),
    function("isLoopback", member("ip_is_loopback", (IP,), BOOL, lambda value: value.address.is_loopback)),
    function("isLinkLocalMulticast", member("ip_is_link_local_multicast", (IP,), BOOL, _link_local_multicast)),
    function("isLinkLocalUnicast", member("ip_is_link_local_unicast", (IP,), BOOL, lambda value: _link_local(value.address))),
    function("isGlobalUnicast", member("ip_is_global_unicast", (IP,), BOOL, _global_unicast)),
    function("cidr", free("string_to_cidr", (STRING,), CIDR, _cidr, traversal)),
    function("isCIDR", free("is_cidr", (STRING,), BOOL, lambda text: not isinstance(_parse_cidr(text), str), traversal)),
    function(
        "containsIP",
        member(
            "cidr_contains_ip_string",
            (CIDR, STRING),
            BOOL,
            _contains_ip_text,
            _contains_ip_cost(text=True),
        ),
        member(
            "cidr_contains_ip_ip", (CIDR, IP), BOOL, lambda of, value: of.contains(value.address), _contains_ip_cost(text=False)
        ),
    ),
    function(
        "containsCIDR",
        member(
            "cidr_contains_cidr_string",
            (CIDR, STRING),
            BOOL,
            lambda of, text: _contains_cidr(of, _cidr(text)),
            _contains_cidr_cost(text=True),
        ),
        member("cidr_contains_cidr", (CIDR, CIDR), BOOL, _contains_cidr, _contains_cidr_cost(text=False)),
    ),
    function("prefixLength", member("cidr_prefix_length", (CIDR,), INT, lambda value: value.bits)),
    function("masked", member("cidr_masked", (CIDR,), CIDR, CidrValue.masked)),
)
