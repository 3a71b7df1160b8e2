"""Conversations drawn from a seed: a custom resource with a drawn schema, and all the ways of writing to its objects.

Owns which writes are tried; what schemas and values look like is `parity.drawn_schemas`' and `parity.drawn_values`'.
"""

import copy
from random import Random
from typing import Any

from parity import drawn_schemas, drawn_values
from parity.conversation import Conversation, Json, Step, get, json_patch, merge, post, put, talk
from parity.conversations.custom import DEFINITIONS
from underway.crd import definition_checks, formats, pipeline
from underway.crd.definition import definition_of
from underway.crd.validate import validate

FIELDS = 5
TRIES = 10
WRITES = 24
WILD = 0.03
GROUP = "$ns.example.com"
THINGS = f"/apis/{GROUP}/v1/namespaces/$ns/things"
ONE = f"{THINGS}/one"
VERSION = {"version": "metadata.resourceVersion"}


def conversation(seed: int) -> Conversation:
    """One object, written to in many ways; each answer may be a refusal, which leaves the object as it was."""
    rng = Random(seed)
    spec, status = sound(rng), sound(rng)
    crd = drawn_schemas.definition(f"drawn-{seed}.example.com", spec, subresources={"status": {}} if seed % 3 else {})
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["status"] = status
    first = {"apiVersion": f"{GROUP}/v1", "kind": "Thing", "metadata": {"name": "one"}}
    schemas = {"spec": spec, "status": status}
    steps = [post(DEFINITIONS, crd).quietly(), get(THINGS).until(200)]
    steps += [post(THINGS, {**first, "spec": created(rng, crd, spec)})]
    for _ in range(WRITES):
        steps += written(rng, first, schemas)
    return talk(f"drawn-{seed}", *steps)


def sound(rng: Random) -> Json:
    """A schema of some fields that the server takes and that some object fits."""
    properties: Json = {}
    while len(properties) < FIELDS:
        field = drawn_schemas.schema(rng)
        crd = drawn_schemas.definition("a.example", {"type": "object", "properties": {"f": field}})
        fits = any(not _problems(field, drawn_values.value(rng, field, 0)) for _ in range(TRIES))
        if fits and not definition_checks.problems(crd):
            properties[f"f{len(properties)}"] = field
    return {"type": "object", "properties": properties}


def _problems(schema: Json, value: Any) -> Any:
    return validate(value, formats.stripped(schema)).problems


def created(rng: Random, crd: Json, schema: Json) -> Json:
    """A spec that the server takes."""
    version = definition_of(crd).versions["v1"]
    while True:
        made = valid(rng, schema)
        body = {"apiVersion": "a/v1", "kind": "Thing", "metadata": {"name": "one"}, "spec": copy.deepcopy(made)}
        read = pipeline.request(body, version)
        if read.problem is None and not pipeline.create(read.value, version).problems:
            return made


def valid(rng: Random, schema: Json) -> Json:
    """An object of which each field fits by itself."""
    made: Json = {}
    for name, part in schema["properties"].items():
        drawn = drawn_values.value(rng, part, 0)
        if rng.random() < 0.8 and not _problems(part, drawn):
            made[name] = drawn
    return made


def written(rng: Random, first: Json, schemas: dict[str, Json]) -> list[Step]:
    """One way of writing, with what it needs to know before."""
    part = rng.choice(["spec", "spec", "spec", "status"])
    path = ONE if rng.random() < 0.75 else f"{ONE}/status"
    schema = schemas[part]
    draw = rng.choice([valid(rng, schema), drawn_values.value(rng, schema, WILD)])
    known = get(ONE).keeping(**VERSION)
    match rng.randrange(4):
        case 0:
            version = rng.choice([{"resourceVersion": "$version"}, {"resourceVersion": "$version"}, {}])
            return [known, put(path, {**first, "metadata": {"name": "one", **version}, part: draw})]
        case 1 | 2:
            fields = draw if isinstance(draw, dict) else {}
            some = {name: value if rng.random() < 0.8 else None for name, value in fields.items() if rng.random() < 0.5}
            labels = {"metadata": {"labels": rng.choice([{"a": "b"}, {"a": None}, {"a": "b c"}])}} if rng.random() < 0.2 else {}
            return [merge(path, {part: some, **labels})]
        case _:
            return [json_patch(path, *operations(rng, part, draw))]


def operations(rng: Random, part: str, value: Any) -> list[Json]:
    """One to three operations of RFC 6902 on places that may not be there."""
    made: list[Json] = []
    places = [(f"/{part}/{name}", one) for name, one in value.items()] if isinstance(value, dict) else []
    places += [(f"{path}/{key}", one) for path, whole in places for key, one in _inside(whole)]
    for path, one in rng.sample(places, min(len(places), rng.randrange(1, 4))):
        kind = rng.choice(["add", "add", "add", "replace", "remove", "test", "copy", "move"])
        match kind:
            case "remove":
                made.append({"op": kind, "path": path})
            case "copy" | "move":
                made.append({"op": kind, "from": path, "path": rng.choice(places)[0]})
            case _:
                made.append({"op": kind, "path": path, "value": copy.deepcopy(one)})
    return made or [{"op": "test", "path": "/kind", "value": "Thing"}]


def _inside(value: Any) -> list[tuple[str, Any]]:
    if isinstance(value, dict):
        return [(key.replace("~", "~0").replace("/", "~1"), one) for key, one in value.items()]
    return [*((str(index), one) for index, one in enumerate(value)), ("-", 1)] if isinstance(value, list) else []
