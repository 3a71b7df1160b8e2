"""What one call can cost, by function and overload. Sources: apiserver pkg/cel/library/cost.go (any change there breaks stored
rules, so that these numbers stand still), cel-go checker/cost.go, ext/sets.go, ext/lists.go.
"""

from collections.abc import Callable
from math import ceil
from typing import NamedTuple

from underway.cel.ranges import ONE, UNBOUNDED, UNKNOWN, ZERO, Range, fixed
from underway.cel.syntax import Literal, Node
from underway.cel.types import CIDR, FORMAT, IP, QUANTITY, SEMVER, URL, Type

_TRAVERSAL, _PATTERN = 0.1, 0.25  # cel-go common/cost.go: StringTraversalCostFactor, RegexStringLengthCostFactor
_FORMAT_SIZE_MAX, _NAME_PATTERN_SIZE_MAX = 64, 128  # apiserver pkg/cel/limits.go

_OF_LISTS = frozenset(("isSorted", "sum", "max", "min", "indexOf", "lastIndexOf"))
_OF_FIRST = frozenset(("cidr", "isIP", "isCIDR", "ip", "quantity", "isQuantity", "semver", "isSemver"))
_NOMINAL = frozenset(
    (
        *("masked", "prefixLength", "family", "isUnspecified", "isLoopback", "isLinkLocalMulticast", "isLinkLocalUnicast"),
        *(
            "isGlobalUnicast",
            "format.named",
            "sign",
            "asInteger",
            "isInteger",
            "asApproximateFloat",
            "isGreaterThan",
            "isLessThan",
        ),
        *("compareTo", "add", "sub", "major", "minor", "patch", "getScheme", "getHostname", "getHost", "getPort"),
        *("getEscapedPath", "getQuery"),
    )
)
_COMPARED = frozenset(
    (
        *(f"{word}_{kind}" for word in ("less", "less_equals", "greater", "greater_equals") for kind in ("string", "bytes")),
        *("equals", "not_equals"),
    )
)


class Part(NamedTuple):
    """A target or an argument: where it comes from, its type, its node, its size as far as that is known."""

    path: tuple[str, ...]
    type: Type
    node: Node | None
    size: Range | None


class Estimate(NamedTuple):
    """The cost of a call without its arguments, and the size of its result where that is known."""

    cost: Range
    size: Range | None = None


Declared = Callable[[tuple[str, ...]], Range | None]


class _Call(NamedTuple):
    function: str
    overload: str
    target: Part | None
    args: list[Part]
    declared: Declared

    def size(self, part: Part) -> Range:
        """The size of a part by what is computed, then by what the schema says."""
        return part.size or self.declared(part.path) or UNKNOWN


def estimate_call(function: str, overload: str, target: Part | None, args: list[Part], declared: Declared) -> Estimate:
    """The bounds of one call. declared: the size that the schema allows at a path."""
    call = _Call(function, overload, target, args, declared)
    return _extension(call) or _kubernetes(call) or _standard(call)


def _extension(call: _Call) -> Estimate | None:
    """cel-go's extensions sets and lists."""
    if call.overload.startswith("list_sets_"):
        factor = 2.0 if call.overload == "list_sets_equivalent_list" else 1.0
        return Estimate(call.size(call.args[0]).times(call.size(call.args[1])).scaled(factor).plus(ONE))
    if call.overload == "lists_range":
        return _allocating(1, fixed(_literal_int(call.args[0], UNBOUNDED)))
    if call.target is None:
        return None
    size = call.size(call.target)
    if call.overload == "list_slice":
        length = _literal_int(call.args[1], size.high) - _literal_int(call.args[0], 0)
        return _allocating(1, fixed(length % 2**64))
    if call.overload in ("list_flatten", "list_flatten_int"):
        return _allocating(float(_literal_int(call.args[0], UNBOUNDED) if call.args else 1), size)
    if call.overload == "list_reverse":
        return _allocating(1, size)
    if call.overload == "list_distinct":
        return _allocating(2, size.times(size))
    if call.function in ("sort", "@sortByAssociatedKeys"):
        keys = call.size(call.args[0]) if call.args else size
        return _allocating(2.1 if "string" in call.overload or "bytes" in call.overload else 2.0, keys.times(keys))
    return None


def _allocating(factor: float, size: Range) -> Estimate:
    return Estimate(size.scaled(factor).plus(fixed(11)), size)


def _literal_int(part: Part, otherwise: int) -> int:
    node = part.node
    if isinstance(node, Literal) and type(node.value) is int:
        return max(node.value, 0)
    return otherwise


def _kubernetes(call: _Call) -> Estimate | None:
    if call.function in _NOMINAL or call.overload == "cidr_ip":
        return Estimate(ONE)
    if call.function in _OF_LISTS and call.target is not None:
        return _of_list(call, call.target)
    if call.function in _OF_FIRST and call.args:
        return Estimate(call.size(call.args[0]).scaled(_TRAVERSAL))
    if call.function == "_==_":
        return _equality(call)
    special = _SPECIAL.get(call.function)
    return None if special is None else special(call)


def _of_list(call: _Call, target: Part) -> Estimate:
    if not target.type.parameters:
        return Estimate(call.size(target).scaled(_TRAVERSAL))
    each = ONE
    element = target.type.parameters[0]
    if element.kind in ("string", "bytes"):
        size = call.declared((*target.path, "@items")) if target.path else None
        each = each.plus((size or UNKNOWN).scaled(_TRAVERSAL))
    return Estimate(call.size(target).times(each))


def _equality(call: _Call) -> Estimate | None:
    one, other = call.args[0].type, call.args[1].type
    if one != other:
        return None
    if one in (IP, CIDR, QUANTITY, SEMVER):
        return Estimate(ONE)
    if one == FORMAT:
        return Estimate(Range(1, _FORMAT_SIZE_MAX).scaled(_TRAVERSAL))
    if one == URL:
        size = call.args[1].size
        return Estimate(Range(1, size.high if size is not None else 1).scaled(_TRAVERSAL))
    return None


def _url(call: _Call) -> Estimate:
    size = call.size(call.args[0])
    return Estimate(size.scaled(_TRAVERSAL), size)


def _of_target(call: _Call) -> Estimate | None:
    if call.target is None:
        return None
    size = call.size(call.target)
    return Estimate(size.scaled(_TRAVERSAL), size)


def _replace(call: _Call) -> Estimate | None:
    """The result is longest where the shortest parts become the longest ones, and shortest the other way round."""
    if call.target is None:
        return None
    text, old, new = call.size(call.target), call.size(call.args[0]), call.size(call.args[1])
    count_high = kept_high = count_low = kept_low = 0
    if old.low == 0:
        count_high = min(text.high + 1, UNBOUNDED)
        kept_high = text.high
    elif new.high <= old.low:
        kept_high = text.high
    else:
        count_high = min(ceil(float(text.high) / float(old.low)), UNBOUNDED)
    if old.high == 0:
        count_low = min(text.low + 1, UNBOUNDED)
        kept_low = text.low
    elif old.high <= new.low:
        kept_low = text.low
    else:
        count_low = ceil(float(text.low) / float(old.high))
    size = Range(count_low, count_high).times(new).plus(Range(kept_low, kept_high))
    return Estimate(text.scaled(2 * _TRAVERSAL), size)


def _split(call: _Call) -> Estimate | None:
    if call.target is None:
        return None
    size = call.size(call.target)
    most = size.high
    if len(call.args) > 1:
        node = call.args[1].node
        if isinstance(node, Literal) and type(node.value) is int:
            most = node.value % 2**64
    return Estimate(size.scaled(2 * _TRAVERSAL), Range(0, most))


def _join(call: _Call) -> Estimate | None:
    if call.target is None:
        return None
    count = call.size(call.target)
    size = ZERO
    if call.target.type.parameters:
        element = call.declared((*call.target.path, "@items")) if call.target.path else None
        size = count.times(element or UNKNOWN)
    if call.args:
        size = size.plus(call.size(call.args[0]).times(Range(max(count.low - 1, 0), max(count.high - 1, 0))))
    return Estimate(size.scaled(_TRAVERSAL), size)


def _find(call: _Call) -> Estimate | None:
    if call.target is None:
        return None
    size = call.size(call.target)
    cost = size.plus(ONE).scaled(_TRAVERSAL).times(call.size(call.args[0]).scaled(_PATTERN))
    return Estimate(cost, Range(0, size.high))


def _contains_address(call: _Call) -> Estimate:
    size = Range(4, 16)  # the bytes of an address
    cost = size.plus(size).scaled(_TRAVERSAL)
    if call.function == "containsCIDR":
        cost = cost.plus(size.scaled(_TRAVERSAL)).plus(ONE)
    if call.overload in ("cidr_contains_ip_string", "cidr_contains_cidr_string"):
        cost = cost.plus(call.size(call.args[0]).scaled(_TRAVERSAL))
    return Estimate(cost)


def _validate(call: _Call) -> Estimate:
    return Estimate(call.size(call.args[0]).scaled(_TRAVERSAL).scaled(_NAME_PATTERN_SIZE_MAX * _PATTERN))


def _canonical(call: _Call) -> Estimate:
    return Estimate(call.size(call.args[0]).scaled(2 * _TRAVERSAL))


_SPECIAL: dict[str, Callable[[_Call], Estimate | None]] = {
    "url": _url,
    "lowerAscii": _of_target,
    "upperAscii": _of_target,
    "substring": _of_target,
    "trim": _of_target,
    "replace": _replace,
    "split": _split,
    "join": _join,
    "find": _find,
    "findAll": _find,
    "ip.isCanonical": _canonical,
    "containsIP": _contains_address,
    "containsCIDR": _contains_address,
    "validate": _validate,
}


def _standard(call: _Call) -> Estimate:
    """Functions of the standard library; here only what is computed counts as a size (sizeOrUnknown)."""
    sizes = [part.size or UNKNOWN for part in call.args]
    target = (call.target.size or UNKNOWN) if call.target is not None else UNKNOWN
    if call.overload == "string_format":
        return Estimate(target.scaled(_TRAVERSAL))
    if call.overload == "string_to_bytes":
        return Estimate(sizes[0].scaled(_TRAVERSAL), Range(sizes[0].low, sizes[0].high * 4 % 2**64))
    if call.overload == "bytes_to_string":
        return Estimate(sizes[0].scaled(_TRAVERSAL), Range(sizes[0].low // 4, sizes[0].high))
    if call.overload == "strings_quote":
        return Estimate(sizes[0].scaled(_TRAVERSAL), Range(sizes[0].low + 2, (sizes[0].high * 2 + 2) % 2**64))
    if call.overload in ("starts_with_string", "ends_with_string"):
        return Estimate(sizes[0].scaled(_TRAVERSAL))
    if call.overload == "in_list":
        return Estimate(sizes[1].scaled(1))
    if call.overload == "matches_string":
        return Estimate(target.plus(ONE).scaled(_TRAVERSAL).times(sizes[0].scaled(_PATTERN)))
    if call.overload == "contains_string":
        return Estimate(target.scaled(_TRAVERSAL).times(sizes[0].scaled(_TRAVERSAL)))
    if call.overload in ("add_string", "add_bytes", "add_list"):
        size = sizes[0].plus(sizes[1])
        return Estimate(ONE if call.overload == "add_list" else size.scaled(_TRAVERSAL), size)
    if call.overload in _COMPARED:
        most = min(sizes[0].high, sizes[1].high)
        return Estimate(Range(1 if most > 0 else 0, most).scaled(_TRAVERSAL))
    return Estimate(ONE)
