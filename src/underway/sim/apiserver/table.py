"""Tables: what `kubectl get` shows, made by the server as in the real one.

Owns the shape of meta.k8s.io/v1 Table, the generic columns and those that a custom resource's definition asks for. The
columns of each built-in kind are `sim.apiserver.columns`'. Source: "Receiving resources as Tables"; apimachinery meta/v1.
"""

import re
from collections.abc import Sequence
from typing import Any

from underway.model import timestamp
from underway.sim.apiserver.catalogue import Entry
from underway.sim.apiserver.cells import AGE, Column, age, name_of
from underway.sim.apiserver.columns import COLUMNS
from underway.sim.store import Object

NAME = Column("Name", lambda value, _now: name_of(value), format="name")
_STEP = re.compile(r"\.?([A-Za-z_$][\w$-]*|\['(?:[^'\\]|\\.)+'\])|\[(\d+|\*)\]|\[\?\(@\.([\w.]+)\s*==\s*[\"']([^\"']*)[\"']\)\]")


def columns_of(entry: Entry) -> tuple[Column, ...]:
    """The columns of a resource."""
    if entry.columns:
        return NAME, *(_custom(column) for column in entry.columns)
    if entry.custom:
        return NAME, AGE
    own = COLUMNS.get(entry.resource.kind)
    if own is None:
        return NAME, AGE
    # An Event's name is one of its columns, and not the first.
    return own if any(column.format == "name" and column.name == "Name" for column in own) else (NAME, *own)


def table(
    entry: Entry, items: Sequence[Object], metadata: dict[str, Any], now: str, include: str, *, headed: bool = True
) -> Object:
    """A Table. now: for ages; include: Metadata, Object or None; headed: whether the columns are described again."""
    columns = columns_of(entry)
    now_ms = timestamp.parse(now)
    rows = []
    for item in items:
        row: Object = {"cells": [column.cell(item, now_ms) for column in columns]}
        if include == "Object":
            row["object"] = item
        elif include != "None":
            row["object"] = {"kind": "PartialObjectMetadata", "apiVersion": "meta.k8s.io/v1", "metadata": item["metadata"]}
        rows.append(row)
    definitions = [
        {"name": c.name, "type": c.type, "format": c.format, "description": c.description, "priority": c.priority}
        for c in columns
    ]
    shown = {"columnDefinitions": definitions if headed else []}
    return {"kind": "Table", "apiVersion": "meta.k8s.io/v1", "metadata": metadata, **shown, "rows": rows}


def _custom(definition: dict[str, Any]) -> Column:
    """A column of additionalPrinterColumns."""
    path, type_ = definition.get("jsonPath", ""), definition.get("type", "string")

    def cell(value: Object, now_ms: int) -> Any:
        found = at(value, path)
        if not found:
            return None
        if type_ == "date":
            return age({"metadata": {"creationTimestamp": found[0]}}, now_ms)
        if type_ == "string":
            return ",".join(str(part) for part in found)
        return found[0]

    return Column(
        definition.get("name", ""),
        cell,
        priority=definition.get("priority", 0),
        type=type_,
        format=definition.get("format", ""),
        description=definition.get("description", ""),
    )


def at(value: Any, path: str) -> list[Any]:
    """What a JSONPath of the kind that printer columns use finds: fields, indices, [*] and [?(@.key=="text")]."""
    found = [value]
    for field, index, key, wanted in _STEP.findall(path):
        step: list[Any] = []
        for part in found:
            if field:
                name = field[2:-2].replace("\\", "") if field.startswith("[") else field
                step += [part[name]] if isinstance(part, dict) and name in part else []
            elif isinstance(part, list):
                chosen = part if index == "*" else part[int(index) : int(index) + 1] if index else part
                step += [item for item in chosen if not key or at(item, f".{key}") == [wanted]]
        found = step
    return found
