"""Optional values. Source: cel-go cel/library.go (OptionalTypes).

`or` and `orValue` look at their argument only when they need it: they are the compiler's.
"""

from typing import Any

from underway.cel.data import DataList, DataMap, ObjectView
from underway.cel.overload import Function, free, function, member
from underway.cel.types import BOOL, list_of, optional_of, param
from underway.cel.values import NONE, Duration, EvalError, Option, type_name

_V = param("V")
_OPTIONAL = optional_of(_V)
_LIST = list_of(_V)


def _non_zero(value: Any) -> Option:
    if value is None or (isinstance(value, Duration) and value.ns == 0):
        return NONE
    # Data of a schema does not say whether it is empty (apiserver's values implement no Zeroer).
    if isinstance(value, bool | int | float | str | bytes | list | dict) and not isinstance(
        value, DataList | DataMap | ObjectView
    ):
        return Option(value) if value else NONE
    return Option(value)


def value_of(option: Any) -> Any:
    """What an optional holds. Raises EvalError where it holds nothing."""
    if option is NONE:
        raise EvalError("optional.none() dereference")
    return option.value


def _unwrapped(options: list[Any]) -> list[Any]:
    for each in options:
        if type(each) is not Option:
            raise EvalError(f"value of type {type_name(each)} is not optional")
    return [each.value for each in options if each is not NONE]


def _by_compiler(*_: Any) -> Any:
    raise EvalError("no such overload")


FUNCTIONS: tuple[Function, ...] = (
    function("optional.of", free("optional_of", (_V,), _OPTIONAL, Option)),
    function("optional.ofNonZeroValue", free("optional_ofNonZeroValue", (_V,), _OPTIONAL, _non_zero)),
    function("optional.none", free("optional_none", (), _OPTIONAL, lambda: NONE)),
    function("value", member("optional_value", (_OPTIONAL,), _V, value_of)),
    function("hasValue", member("optional_hasValue", (_OPTIONAL,), BOOL, lambda option: option is not NONE)),
    function("or", member("optional_or_optional", (_OPTIONAL, _OPTIONAL), _OPTIONAL, _by_compiler)),
    function("orValue", member("optional_orValue_value", (_OPTIONAL, _V), _V, _by_compiler)),
    function("last", member("list_last", (_LIST,), _OPTIONAL, lambda items: Option(items[-1]) if items else NONE)),
    function("first", member("list_first", (_LIST,), _OPTIONAL, lambda items: Option(items[0]) if items else NONE)),
    function("optional.unwrap", free("optional_unwrap", (list_of(_OPTIONAL),), _LIST, _unwrapped)),
    function("unwrapOpt", member("optional_unwrapOpt", (list_of(_OPTIONAL),), _LIST, _unwrapped)),
)
