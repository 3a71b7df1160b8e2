"""Unification of types: which fits which, and what the free variables become. Follows cel-go checker/types.go.

A mapping of type parameters grows while an expression is checked; a question that fails leaves no trace in it.
"""

from underway.cel.types import DYN, NULL, Type

Mapping = dict[Type, Type]

# Types to which null is assignable (isLegacyNullable).
_NULLABLE = frozenset(("opaque", "struct", "duration", "timestamp"))
_CONTAINERS = frozenset(("opaque", "list", "map", "type"))


def assignable(mapping: Mapping, one: Type, other: Type) -> Mapping | None:
    """The mapping under which `one` is assignable to `other`, or None."""
    return assignable_all(mapping, (one,), (other,))


def assignable_all(mapping: Mapping, these: tuple[Type, ...], those: tuple[Type, ...]) -> Mapping | None:
    """The mapping under which each of `these` is assignable to its counterpart of `those`, or None."""
    grown = dict(mapping)
    return grown if _fit_all(grown, these, those) else None


def substituted(mapping: Mapping, one: Type, *, free_is_dyn: bool = False) -> Type:
    """The type with every bound parameter replaced; a free one becomes dyn where asked for."""
    bound = mapping.get(one)
    if bound is not None:
        return substituted(mapping, bound, free_is_dyn=free_is_dyn)
    if one.kind == "param":
        return DYN if free_is_dyn else one
    if not one.parameters:
        return one
    return Type(one.kind, one.name, tuple(substituted(mapping, each, free_is_dyn=free_is_dyn) for each in one.parameters))


def most_general(one: Type, other: Type) -> Type:
    """Of two types that unify, the one that says less."""
    return one if _no_more_specific(one, other) else other


def _no_more_specific(one: Type, other: Type) -> bool:
    if one.kind in ("dyn", "param"):
        return True
    if other.kind in ("dyn", "param") or one.kind != other.kind:
        return False
    if one.kind == "type":
        return True
    if one.name != other.name or len(one.parameters) != len(other.parameters):
        return False
    return all(_no_more_specific(mine, its) for mine, its in zip(one.parameters, other.parameters, strict=True))


def _fit_all(mapping: Mapping, these: tuple[Type, ...], those: tuple[Type, ...]) -> bool:
    return len(these) == len(those) and all(_fit(mapping, one, other) for one, other in zip(these, those, strict=True))


def _fit(mapping: Mapping, one: Type, other: Type) -> bool:
    if other.kind == "param":
        valid, bound = _substitutes(mapping, one, other)
        if valid or bound:
            return valid
    if one.kind == "param":
        return _substitutes(mapping, other, one)[0]
    if one.kind in ("dyn", "error") or other.kind in ("dyn", "error"):
        return True
    if one.kind == "null":
        return other.kind in _NULLABLE or other == NULL
    if other.kind == "null":
        return one.kind in _NULLABLE
    if one.kind == "type":
        return other.kind == "type"
    return one.kind == other.kind and one.name == other.name and _fit_all(mapping, one.parameters, other.parameters)


def _substitutes(mapping: Mapping, one: Type, variable: Type) -> tuple[bool, bool]:
    """Whether `one` may stand for the variable, and whether the variable was bound before."""
    if one == variable:
        return True, True
    bound = mapping.get(variable)
    if bound is not None:
        if one == bound:
            return True, True
        if _fit(mapping, one, bound):
            general = most_general(one, bound)
            if not _occurs(mapping, variable, general):
                mapping[variable] = general
            return True, True
        return False, True
    if _occurs(mapping, variable, one):
        return False, False
    mapping[variable] = one
    return True, False


def _occurs(mapping: Mapping, variable: Type, within: Type) -> bool:
    if variable == within:
        return True
    if within.kind == "param":
        bound = mapping.get(within)
        return bound is not None and _occurs(mapping, variable, bound)
    return within.kind in _CONTAINERS and any(_occurs(mapping, variable, each) for each in within.parameters)
