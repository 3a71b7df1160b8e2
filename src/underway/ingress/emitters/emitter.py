"""What an emitter is: a table of what it can do with settings that no standard field holds.

Owns how the table is carried out: fields of a rule, policies that target a route, filters of its own. An emitter is a file
with one `Emitter`; it must not know where a setting comes from.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from underway.ingress.ir import Rule, Setting
from underway.ingress.losses import Loss, Where
from underway.ingress.routes import Route

Fields = dict[str, Any]


class Policy(msgspec.Struct, frozen=True):
    """A kind of policy. fields: for each kind of setting, what it writes into the spec.

    many: the spec names its targets in targetRefs, a list; else in targetRef.
    """

    api_version: str
    kind: str
    fields: dict[str, Callable[[Setting], Fields]]
    many: bool = True


class Emitter(msgspec.Struct, frozen=True):
    """What an implementation adds to the standard channel.

    controller: of the GatewayClass; "" if the implementation is not known. policies: objects that target routes, drawn from
    settings. filters: settings that are an object of their own, which rules refer to. asks_as: group and kind of what refers to
    the Service that authenticates. drops: annotations of a setting that its policy has no field for. filter_kinds: apiVersion
    and kind of what `filters` make, for whoever must find these objects again.
    """

    name: str
    controller: str = ""
    policies: tuple[Policy, ...] = ()
    filters: dict[str, Callable[[Route, Setting], Fields | None]] = {}
    asks_as: tuple[str, str] = ("", "")
    drops: dict[str, tuple[str, ...]] = {}
    filter_kinds: tuple[tuple[str, str], ...] = ()


class Left(msgspec.Struct, frozen=True):
    """A setting that found no place."""

    rule: Rule
    setting: Setting


def policies_of(emitter: Emitter, route: Route) -> tuple[list[Fields], set[str]]:
    """The policies of a route, and which kinds of settings they hold."""
    made: list[Fields] = []
    held: set[str] = set()
    for policy in emitter.policies:
        spec: Fields = {}
        for setting in route.settings:
            write = policy.fields.get(setting.kind)
            if write is not None:
                merge(spec, write(setting))
                held.add(setting.kind)
        if spec:
            target = {"group": "gateway.networking.k8s.io", "kind": route.kind, "name": route.name}
            targets: Fields = {"targetRefs": [target]} if policy.many else {"targetRef": target}
            metadata = {"name": route.name, "namespace": route.namespace}
            made.append({"apiVersion": policy.api_version, "kind": policy.kind, "metadata": metadata, "spec": targets | spec})
    return made, held


def filters_of(emitter: Emitter, route: Route) -> tuple[list[Fields], list[Fields], set[str]]:
    """Filter objects of a route, the filters of its rules that refer to them, and which kinds of settings they hold."""
    objects: list[Fields] = []
    references: list[Fields] = []
    held: set[str] = set()
    for setting in route.settings:
        write = emitter.filters.get(setting.kind)
        made = write(route, setting) if write else None
        if made is None:
            continue
        held.add(setting.kind)
        objects.append(made)
        group = made["apiVersion"].partition("/")[0]
        reference = {"group": group, "kind": made["kind"], "name": made["metadata"]["name"]}
        references.append({"type": "ExtensionRef", "extensionRef": reference})
    return objects, references, held


def merge(into: Fields, fields: Fields) -> None:
    """Put fields into a spec; mappings grow together, lists are joined."""
    for key, value in fields.items():
        if isinstance(value, dict) and isinstance(into.get(key), dict):
            merge(into[key], value)
        elif isinstance(value, list) and isinstance(into.get(key), list):
            into[key] = into[key] + value
        else:
            into[key] = value


def lost(rule: Rule, where: Where, key: str, reason: str, remedy: str, guards: bool) -> Loss:
    """A setting that an emitter has no place for."""
    if guards:
        reason += "; its route answers 500 until this is settled" if rule.closed else "; its route is more open than it was"
    return Loss("lost", where, f"Ingress {rule.owner}", reason, remedy, key)
