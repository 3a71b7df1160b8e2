"""Which rules run: by group and by name, and which platform's rules a cluster wants.

Groups of platforms run only where the platform is named or seen in the nodes' providerID; all other groups run always.
Problems are values: the command line makes usage errors of them.
"""

from collections.abc import Iterable

import msgspec

from underway.lint.picture import Picture
from underway.lint.rule import Rule

# The scheme of spec.providerID as each platform's cloud controller manager writes it.
PLATFORMS = {"doks": "digitalocean://", "eks": "aws://", "gke": "gce://", "aks": "azure://"}


class Selection(msgspec.Struct, frozen=True):
    """What -g, -G, -c and -C say; -g with -G, and -c with -C, exclude each other."""

    groups: tuple[str, ...] = ()
    without_groups: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    without_names: tuple[str, ...] = ()


def problem(selection: Selection, rules: Iterable[Rule]) -> str:
    """Why a selection cannot be, or ""."""
    rules = tuple(rules)
    if selection.groups and selection.without_groups:
        return "-g and -G exclude each other: name the groups to run, or those to leave out"
    if selection.names and selection.without_names:
        return "-c and -C exclude each other: name the rules to run, or those to leave out"
    groups = {group for rule in rules for group in rule.groups}
    names = {rule.name for rule in rules}
    for asked, known, what in (
        ((*selection.groups, *selection.without_groups), groups, "group"),
        ((*selection.names, *selection.without_names), names, "rule"),
    ):
        for one in asked:
            if one not in known:
                return f"{what} {one!r} is not known{_nearest(one, known)}; `underway lint list` shows all"
    return ""


def _nearest(word: str, known: Iterable[str]) -> str:
    import difflib

    close = difflib.get_close_matches(word, sorted(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def selected(selection: Selection, rules: Iterable[Rule], *, as_clusterlint: bool = False) -> tuple[Rule, ...]:
    """The rules that a selection names, each once, in their order; what it does not mention runs.

    -G leaves out every rule of the group. clusterlint still runs those that are in another group too, and drops those in none.
    """
    return tuple(
        rule
        for rule in rules
        if (not selection.groups or set(rule.groups) & set(selection.groups))
        and not (selection.without_groups and _left_out(rule, selection.without_groups, as_clusterlint))
        and (not selection.names or rule.name in selection.names)
        and rule.name not in selection.without_names
    )


def _left_out(rule: Rule, groups: tuple[str, ...], as_clusterlint: bool) -> bool:
    return set(rule.groups) <= set(groups) if as_clusterlint else bool(set(rule.groups) & set(groups))


def platforms(picture: Picture) -> frozenset[str]:
    """The platforms of the nodes."""
    ids = {node.spec.provider_id.partition("://")[0] + "://" for node in picture.nodes}
    return frozenset(platform for platform, scheme in PLATFORMS.items() if scheme in ids)


def fitting(rules: Iterable[Rule], selection: Selection, present: frozenset[str]) -> tuple[Rule, ...]:
    """Without the rules of platforms that are neither present nor asked for by name."""
    return tuple(
        rule
        for rule in rules
        if not rule.groups
        or set(rule.groups) - set(PLATFORMS)
        or set(rule.groups) & (present | set(selection.groups))
        or rule.name in selection.names
    )
