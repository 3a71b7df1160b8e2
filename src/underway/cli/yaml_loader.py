"""YAML as manifests need it: safe, and a key that stands twice is an error instead of a silent loss."""

from collections.abc import Iterator
from typing import Any

import yaml

_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # eight times as fast
DEPTH_MAX = 1_000  # libyaml composes by recursion in C, and a text of brackets alone would end the process


class UniqueKeyLoader(_Loader):  # type: ignore[misc]
    """A safe loader that refuses duplicate keys, with the line of the second. Dates stay text: JSON has none."""

    yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in _Loader.yaml_implicit_resolvers.items()
    }


def _mapping(loader: UniqueKeyLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen: set[Any] = set()
    for key_node, _ in node.value:
        key = loader.construct_object(key_node)
        if key in seen:
            raise yaml.constructor.ConstructorError(None, None, f"key {key!r} stands twice", key_node.start_mark)
        seen.add(key)
    loader.flatten_mapping(node)
    return dict(loader.construct_pairs(node))


UniqueKeyLoader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def load_all(data: bytes) -> Iterator[Any]:
    """All documents. Raises yaml.YAMLError and, for what Python cannot hold, RecursionError."""
    depth = 0
    for event in yaml.parse(data, Loader=_Loader):
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
            if depth > DEPTH_MAX:
                mark: Any = event.start_mark  # libyaml's own, with a line all the same
                raise yaml.constructor.ConstructorError(None, None, "nested too deeply to be read", mark)
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
    yield from yaml.load_all(data, Loader=UniqueKeyLoader)
