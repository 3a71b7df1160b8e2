"""NetworkPolicies: defaults, checks and columns. Source: kubernetes pkg/apis/networking/{v1/defaults.go,validation}."""

from collections.abc import Callable, Iterator
from ipaddress import ip_network
from typing import Any

from underway.sim.apiserver.causes import Cause, forbidden, invalid, required, unsupported
from underway.sim.apiserver.cells import AGE, NONE, Column
from underway.sim.apiserver.selectors import requirement_problems, selector_text

Object = dict[str, Any]
KIND = "NetworkPolicy"
# The direction of a rule, and what it calls those at the other end.
DIRECTIONS = {"ingress": "from", "egress": "to"}
TYPES = ("Ingress", "Egress")
PROTOCOLS = ("TCP", "UDP", "SCTP")
PORT_MAX = 65_535
NO_CIDR = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"


def _defaulted(value: Object) -> Object:
    """Ports are of TCP; the types are Ingress, and Egress where a rule speaks of it."""
    spec = {"podSelector": {}, **(value.get("spec") or {})}
    for direction in DIRECTIONS.keys() & spec.keys():
        spec[direction] = [_rule(one) for one in spec[direction] or ()]
    if not spec.get("policyTypes"):
        spec["policyTypes"] = ["Ingress", *(["Egress"] if spec.get("egress") else [])]
    return {**value, "spec": spec}


def _rule(one: Object) -> Object:
    return {**one, "ports": [{"protocol": "TCP", **port} for port in one["ports"]]} if one.get("ports") else one


def _problems(value: Object) -> Iterator[Cause]:
    spec = value.get("spec") or {}
    yield from requirement_problems(spec.get("podSelector") or {}, "spec.podSelector")
    for direction, others in DIRECTIONS.items():
        for index, rule in enumerate(spec.get(direction) or ()):
            field = f"spec.{direction}[{index}]"
            for number, port in enumerate(rule.get("ports") or ()):
                yield from _port(port, f"{field}.ports[{number}]")
            for number, peer in enumerate(rule.get(others) or ()):
                yield from _peer(peer, f"{field}.{others}[{number}]")
    for index, one in enumerate(spec.get("policyTypes") or ()):
        if one not in TYPES:
            yield unsupported(f"spec.policyTypes[{index}]", one, TYPES)


def _port(port: Object, field: str) -> Iterator[Cause]:
    protocol, number, end = port.get("protocol", "TCP"), port.get("port"), port.get("endPort")
    if protocol not in PROTOCOLS:
        yield unsupported(f"{field}.protocol", protocol, PROTOCOLS)
    between = f"must be between 1 and {PORT_MAX}, inclusive"
    if isinstance(number, int):
        if not 1 <= number <= PORT_MAX:
            yield invalid(f"{field}.port", number, between)
        if end is not None and end < number:
            yield invalid(f"{field}.endPort", number, "must be greater than or equal to `port`")
        if end is not None and not 1 <= end <= PORT_MAX:
            yield invalid(f"{field}.endPort", end, between)
    elif end is not None:
        why = "not specified" if number is None else "non-numeric"
        yield invalid(f"{field}.endPort", end, f"may not be specified when `port` is {why}")


def _peer(peer: Object, field: str) -> Iterator[Cause]:
    selectors = [name for name in ("podSelector", "namespaceSelector") if peer.get(name) is not None]
    for name in selectors:
        yield from requirement_problems(peer[name], f"{field}.{name}")
    block = peer.get("ipBlock")
    if block is not None:
        yield from _block(block, f"{field}.ipBlock")
        if selectors:
            yield forbidden(field, "may not specify both ipBlock and another peer")
    elif not selectors:
        yield required(field, "must specify a peer")


def _block(block: Object, field: str) -> Iterator[Cause]:
    whole = block.get("cidr")
    if not whole:
        yield required(f"{field}.cidr")
        return
    try:
        all_of_it = ip_network(whole, strict=False)
    except ValueError:
        yield invalid(f"{field}.cidr", whole, NO_CIDR)
        return
    for index, text in enumerate(block.get("except") or ()):
        try:
            part = ip_network(text, strict=False)
        except ValueError:
            yield invalid(f"{field}.except[{index}]", text, NO_CIDR)
            continue
        if part == all_of_it or part.version != all_of_it.version or not part.subnet_of(all_of_it):  # type: ignore[arg-type]
            yield invalid(f"{field}.except[{index}]", text, "must be a strict subset of `cidr`")


def _selected(value: Object, _now_ms: int) -> str:
    return selector_text(value["spec"].get("podSelector") or {}) or NONE


DEFAULTS: dict[str, Callable[[Object], Object]] = {KIND: _defaulted}
CHECKS: dict[str, Callable[[Object], Iterator[Cause]]] = {KIND: _problems}
COLUMNS = {KIND: (Column("Pod-Selector", _selected), AGE)}
