"""The compiled walk does what the steps do one by one."""

from random import Random
from typing import Any

import pytest

from parity import drawn_schemas, drawn_values
from underway.crd.defaults import copied, default
from underway.crd.node import Node, as_root
from underway.crd.prune import drop_nulls, prune
from underway.crd.walk import compiled, paths

OBJECTS_A_SCHEMA = 15


@pytest.mark.parametrize("defaults", [False, True])
@pytest.mark.parametrize("seed", range(150))
def test_walks_are_the_steps_in_one(seed: int, defaults: bool) -> None:
    rng = Random(seed)
    properties = {f"f{field}": drawn_schemas.schema(rng) for field in range(3)}
    node = as_root(Node({"type": "object", "properties": properties}))
    walk = compiled(node, defaults=defaults)
    for _ in range(OBJECTS_A_SCHEMA):
        value = drawn_values.value(rng, node.raw, 0.15)
        if not isinstance(value, dict):
            continue
        wanted, found = copied(value), copied(value)
        dropped: list[str] = []
        told: list[str] = []
        prune(wanted, node, told)
        drop_nulls(wanted, node)
        if defaults:
            default(wanted, node)
        walk(found, dropped)
        assert (found, paths(dropped)) == (wanted, tuple(sorted(told))), value


def test_a_default_is_never_shared() -> None:
    schema: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "object", "default": {"b": []}}}}
    walk = compiled(as_root(Node(schema)), defaults=True)
    one: dict[str, Any] = {}
    other: dict[str, Any] = {}
    walk(one, [])
    walk(other, [])
    one["a"]["b"].append(1)
    assert other == {"a": {"b": []}}
