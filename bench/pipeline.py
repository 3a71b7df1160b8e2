"""The pipeline over one object: prune, drop nulls, coerce metadata and default; then validation. Objects of about 1 KB."""

import json
import timeit
from typing import Any

from bench.table import show
from underway.crd import pipeline
from underway.crd.defaults import copied
from underway.crd.definition import Version, definition_of

Json = dict[str, Any]
ROUNDS, REPEATS = 200, 50
PORT: Json = {
    "type": "object",
    "required": ["name", "port"],
    "properties": {
        "name": {"type": "string", "pattern": "^[a-z]+[0-9]*$", "maxLength": 15},
        "port": {"type": "integer", "minimum": 1, "maximum": 65535},
        "protocol": {"type": "string", "enum": ["TCP", "UDP"], "default": "TCP"},
        "target": {"x-kubernetes-int-or-string": True},
    },
}
SPEC: Json = {
    "type": "object",
    "required": ["image"],
    "properties": {
        "image": {"type": "string", "minLength": 1},
        "replicas": {"type": "integer", "minimum": 0, "default": 1},
        "paused": {"type": "boolean", "default": False},
        "policy": {"type": "string", "enum": ["Always", "OnFailure", "Never"], "default": "Always"},
        "env": {"type": "object", "additionalProperties": {"type": "string"}},
        "args": {"type": "array", "items": {"type": "string"}},
        "ports": {"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"], "items": PORT},
        "resources": {
            "type": "object",
            "properties": {"cpu": {"type": "string"}, "memory": {"type": "string", "default": "1Gi"}},
        },
        "note": {"type": "string", "nullable": True},
    },
}


def version() -> Version:
    """One version of a kind that looks like a workload."""
    conditions = {"type": "array", "items": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}
    status = {"type": "object", "properties": {"ready": {"type": "integer"}, "conditions": conditions}}
    schema = {"type": "object", "properties": {"spec": SPEC, "status": status}}
    one = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    names = {"plural": "workloads", "kind": "Workload"}
    read = definition_of({"spec": {"group": "example.com", "scope": "Namespaced", "names": names, "versions": [one]}})
    return read.versions["v1"]


def workload() -> Json:
    """An object with unknown fields, a null to drop, and fields to fill in."""
    ports = [{"name": f"port{index}", "port": 8000 + index, "target": "http", "odd": index} for index in range(6)]
    return {
        "apiVersion": "example.com/v1",
        "kind": "Workload",
        "metadata": {
            "name": "web",
            "namespace": "shop",
            "labels": {"app": "web", "team": "shop"},
            "uid": "1f2e",
            "generation": 3,
        },
        "spec": {
            "image": "registry.example.com/shop/web:1.2.3",
            "replicas": None,
            "env": {f"VARIABLE_{index}": f"value-{index}" for index in range(8)},
            "args": ["--listen", ":8080", "--log", "json"],
            "ports": ports,
            "resources": {"cpu": "500m", "gpu": 1},
            "note": None,
            "unknown": {"a": 1},
        },
        "status": {"ready": 2, "conditions": [{"type": "Ready", "status": "True", "reason": "AllReady", "since": "2026-11-24"}]},
    }


def measured_us(act: Any) -> float:
    """Microseconds a round, the best of several repetitions, as a busy machine only adds to it."""
    return min(timeit.repeat(act, number=ROUNDS, repeat=REPEATS)) / ROUNDS * 1e6


def run() -> None:
    """Print the table."""
    one, value = version(), workload()
    assert one.filled is not None
    walk = one.filled
    copy_us = measured_us(lambda: copied(value))
    held = pipeline.request(copied(value), one).value

    rows = [
        ("prune + drop nulls + default", f"{measured_us(lambda: walk(copied(value), [])) - copy_us:.1f}", "15"),
        ("request, with paths and metadata", f"{measured_us(lambda: pipeline.request(copied(value), one)) - copy_us:.1f}", ""),
        ("create: schema and list types", f"{measured_us(lambda: pipeline.create(held, one)):.1f}", ""),
        ("a copy of the object, not counted above", f"{copy_us:.1f}", ""),
    ]
    size = len(json.dumps(value, separators=(",", ":")))
    show(f"The API server's pipeline, an object of {size:,} bytes", ("step", "us", "aim"), rows)
