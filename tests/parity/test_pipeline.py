"""The pipeline and a real kube-apiserver agree on definitions and objects drawn from seeds: verdict, bytes, and messages.

Objects are created with dryRun=All: the server prunes, fills in, validates and writes them for a store that drops them.
"""

import http.client
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from random import Random
from typing import Any

import pytest

from binaries import require_control_plane
from controlplane import ControlPlane
from parity import drawn_schemas, drawn_values
from parity.speaker import Speaker
from underway.crd import definition_checks, formats, pipeline
from underway.crd.defaults import copied
from underway.crd.definition import Version, definition_of
from underway.crd.go_values import compact, held, written
from underway.crd.validate import Outcome, validate
from waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]
Json = dict[str, Any]
Told = tuple[int, Any, list[str]]
Cause = tuple[str, str, str]
Compared = tuple[Json, Told, Told]
DEFINITIONS = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
SEEDS = range(30)
CREATED, STORED, CHANGES = 130, 8, 6  # objects of each seed; over all seeds more than 5,000
JUDGED = 40  # definitions of each seed
COMBINED = 300  # definitions with several faults
TRIES = 10
FIELDS = 12
WILD = 0.04
ORDERS = 50
SHOWN_MAX = 25
DUMP, DUMPED = re.compile(r"^Invalid value: [\[{].*[\]}]: "), ("spec.versions", "openAPIV3Schema")
OWN_METADATA = ("uid", "creationTimestamp", "generation", "managedFields", "resourceVersion")


TALLY: Counter[int] = Counter()  # verdicts on created objects


class Server:
    """kube-apiserver over one connection that stays open."""

    def __init__(self, connection: http.client.HTTPSConnection) -> None:
        self._connection = connection

    def say(self, method: str, path: str, body: Any = None) -> Told:
        """Code, the answer with its numbers as they were written, and the warnings."""
        data = None if body is None else json.dumps(body).encode()
        self._connection.request(method, path, data, {"Content-Type": "application/json", "Accept": "application/json"})
        answer: http.client.HTTPResponse = self._connection.getresponse()
        text = answer.read().decode()
        warnings = [line.encode("latin-1").decode().split(" ", 2)[2][1:-1] for line in answer.headers.get_all("Warning") or []]
        return answer.status, _parsed(text), sorted(one.replace('\\"', '"') for one in warnings)


def _parsed(text: str) -> Any:
    """JSON whose numbers keep their text; other text as it is."""
    if not text.startswith("{"):
        return text
    return json.loads(text, parse_float=lambda written: ("number", written), parse_int=lambda written: ("number", written))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A real kube-apiserver and its etcd."""
    require_control_plane()
    with ControlPlane(controllers=False) as running, closing(Speaker(running.admin).open()) as connection:
        yield Server(connection)


def sound_spec(rng: Random) -> Json:
    """A schema of many fields that the server takes, and some objects with it: it is asked itself whether this is so."""
    properties: Json = {}
    while len(properties) < FIELDS:
        field = drawn_schemas.schema(rng)
        crd = drawn_schemas.definition("a.example", {"type": "object", "properties": {"f": field}})
        if not definition_checks.problems(crd) and any(not judged(field, rng).problems for _ in range(TRIES)):
            properties[f"f{len(properties)}"] = field
    return {"type": "object", "properties": properties}


def judged(field: Json, rng: Random) -> Outcome:
    return validate(drawn_values.value(rng, field, 0), formats.stripped(field))


def thing(group: str, name: str, spec: Any, **more: Any) -> Json:
    return {"apiVersion": f"{group}/v1", "kind": "Thing", "metadata": {"name": name, **more}, "spec": spec}


def causes(answer: Any) -> list[Cause]:
    found = (answer.get("details") or {}).get("causes") or ()
    return sorted((one.get("field", ""), one["reason"], one["message"]) for one in found)


def unparsed(one: Any) -> Any:
    """The value with its numbers read after all."""
    if isinstance(one, dict):
        return {key: unparsed(child) for key, child in one.items()}
    if isinstance(one, tuple):
        return held(json.loads(one[1]))
    return [unparsed(child) for child in one] if isinstance(one, list) else one


def without_own(value: Any) -> Any:
    """An object without what the server alone knows."""
    metadata = {key: one for key, one in value["metadata"].items() if key not in OWN_METADATA}
    return value | {"metadata": metadata}


def expected(body: Json, version: Version, check: Callable[[Json], pipeline.Checked]) -> Told:
    """What the pipeline says the server's answer to a body is: code, object or causes, warnings."""
    read = pipeline.request(held(body), version)
    warnings = sorted(f'unknown field "{path}"' for path in read.unknown)
    if read.problem is not None:
        return 400, f'Thing in version "v1" cannot be handled as a Thing: {read.problem}', []
    checked = check(read.value)
    if checked.problems:
        return 422, sorted((one.path, one.type, one.message) for one in checked.problems), warnings
    return 200, without_own(_parsed(compact(pipeline.storage(written(read.value), version).value))), warnings


def told_first(wanted: Told, body: Json, version: Version) -> Told:
    """The server tells of the first malformed part that it comes across, in the order of a Go map: any of them may be it."""
    rng = Random(1)
    found = [expected(shuffled(rng, body), version, partial(pipeline.create, version=version)) for _ in range(ORDERS)]
    return wanted if wanted in found else found[0]


def shuffled(rng: Random, one: Any) -> Any:
    if isinstance(one, dict):
        return {key: shuffled(rng, one[key]) for key in rng.sample(list(one), len(one))}
    return [shuffled(rng, child) for child in one] if isinstance(one, list) else one


def answered(told: Told) -> Told:
    code, answer, warnings = told
    if code == 422:
        return code, causes(answer), warnings
    if code >= 300:
        return code, answer["message"], []
    return 200, without_own(answer), warnings


def differences(wanted: Told, found: Told) -> str:
    """What only one of the two says."""
    if wanted == found:
        return ""
    if found[1] == wanted[1]:
        return f"\n  kube-apiserver: {wanted[0]} {wanted[2]}\n  Underway:       {found[0]} {found[2]}"
    sides = [[json.dumps(part) for part in _said(told)] for told in (wanted, found)]
    lines = [f"  only kube-apiserver: {one}" for one in sides[0] if one not in sides[1]]
    lines += [f"  only Underway:       {one}" for one in sides[1] if one not in sides[0]]
    return "\n" + "\n".join(lines or ["  the same, another number of times"])


def _said(told: Told) -> list[Any]:
    code, answer, warnings = told
    return [code, *(answer if code == 422 else [answer]), *warnings]


def serve(server: Server, crd: Json, marker: str) -> None:
    """Have the server take a definition, and wait until its objects get the default that marks it."""
    crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["extra"]["default"] = marker
    name, group = crd["metadata"]["name"], crd["spec"]["group"]
    code, current, _ = server.say("GET", f"{DEFINITIONS}/{name}")
    if code == 200:
        code, answer, _ = server.say(
            "PUT",
            f"{DEFINITIONS}/{name}",
            crd | {"metadata": {**crd["metadata"], "resourceVersion": current["metadata"]["resourceVersion"]}},
        )
    else:
        code, answer, _ = server.say("POST", DEFINITIONS, crd)
    assert code in (200, 201), f"{answer.get('message')}\n{json.dumps(crd)}"
    probe = thing(group, "probe", {})
    path = f"/apis/{group}/v1/namespaces/default/things?dryRun=All"

    def marked() -> bool:
        code, answer, _ = server.say("POST", path, probe)
        return code == 422 or (code == 201 and answer.get("extra") == marker)

    wait_until(marked, f"{name} to be served")


def compared(bodies: list[Compared], schema: Json) -> None:
    """Nothing may differ; what does is shown with its body."""
    told = [f"{json.dumps(body)}{difference}" for body, wanted, found in bodies if (difference := differences(wanted, found))]
    assert not told, f"{len(told)} differ; {json.dumps(schema)}\n" + "\n".join(told[:SHOWN_MAX])


def schema_of(crd: Json) -> Json:
    spec: Json = crd["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return spec


@pytest.mark.parametrize("seed", SEEDS)
def test_objects_are_pruned_defaulted_and_judged_alike(server: Server, seed: int) -> None:
    rng = Random(seed)
    group = f"s{seed}.example.com"
    crd = drawn_schemas.definition(group, sound_spec(rng))
    serve(server, crd, "drawn")
    version = definition_of(crd).versions["v1"]
    bodies: list[Compared] = []
    for number in range(CREATED):
        body = thing(group, f"t{number}", drawn_values.value(rng, schema_of(crd), rng.choice([0, WILD, 2 * WILD])))
        wanted = answered(server.say("POST", f"/apis/{group}/v1/namespaces/default/things?dryRun=All", body))
        body["metadata"]["namespace"] = "default"
        found = expected(body, version, partial(pipeline.create, version=version))
        if wanted[0] == found[0] == 400 and wanted != found:
            found = told_first(wanted, body, version)
        bodies.append((body, wanted, found))
    compared(bodies, schema_of(crd))
    TALLY.update(wanted[0] for _, wanted, _ in bodies)


@pytest.mark.parametrize("seed", SEEDS)
def test_objects_older_than_their_schema_are_read_and_ratcheted_alike(server: Server, seed: int) -> None:
    rng = Random(1000 + seed)
    group = f"u{seed}.example.com"
    path = f"/apis/{group}/v1/namespaces/default/things"
    crd = drawn_schemas.definition(group, sound_spec(rng))
    serve(server, drawn_schemas.definition(group, drawn_schemas.loosened(schema_of(crd))), "loose")
    old = []
    for number in range(STORED):
        body = thing(group, f"t{number}", drawn_values.value(rng, schema_of(crd), WILD))
        code, answer, _ = server.say("POST", path, body)
        old += [unparsed(answer)] if code == 201 and "spec" in answer else []
    serve(server, crd, "tight")
    version = definition_of(crd).versions["v1"]
    bodies: list[Compared] = []
    for stored in old:
        name = stored["metadata"]["name"]
        kept = pipeline.storage(copied(stored), version).value
        code, answer, _ = server.say("GET", f"{path}/{name}")
        bodies.append((stored, (code, answer, []), (200, _parsed(compact(kept)), [])))
        for _ in range(CHANGES):
            body = {**kept, "spec": drawn_values.changed(rng, kept["spec"], schema_of(crd))}
            wanted = answered(server.say("PUT", f"{path}/{name}?dryRun=All", body))
            found = expected(body, version, partial(pipeline.update, old=kept, version=version))
            if wanted[0] == found[0] == 400 and wanted != found:
                found = told_first(wanted, body, version)
            bodies.append((body, wanted, found))
    compared(bodies, schema_of(crd))


def judged_definition(server: Server, crd: Json) -> tuple[Told, Told]:
    """What the server and what Underway says of a definition."""
    code, answer, _ = server.say("POST", f"{DEFINITIONS}?dryRun=All", crd)
    wanted: Told = (code, without_dumps(causes(answer)) if code == 422 else answer.get("message"), [])
    problems = sorted((one.path, one.type, one.message) for one in definition_checks.problems(copied(crd)))
    return wanted, (422, without_dumps(problems), []) if problems else (201, None, [])


def without_dumps(found: list[Cause]) -> list[Cause]:
    """Of whole schemas and of all versions the server shows a dump of its own memory; what it says of them is behind it."""
    return [(path, type_, DUMP.sub("", message) if path.endswith(DUMPED) else message) for path, type_, message in found]


@pytest.mark.parametrize("seed", SEEDS)
def test_definitions_are_judged_alike(server: Server, seed: int) -> None:
    rng = Random(2000 + seed)
    bodies: list[Compared] = []
    for number in range(JUDGED):
        properties = {f"f{field}": drawn_schemas.schema(rng) for field in range(2)}
        spec = drawn_schemas.faulty(rng, {"type": "object", "properties": properties})
        crd = drawn_schemas.definition(f"d{number}.example.com", spec)
        bodies.append((crd, *judged_definition(server, crd)))
    compared(bodies, {})


def test_each_verdict_came_up_often() -> None:
    assert min(TALLY[200], TALLY[400], TALLY[422]) >= sum(TALLY.values()) / 100, TALLY


def test_faults_besides_the_schema_are_judged_alike(server: Server) -> None:
    rng = Random(1)
    sound = drawn_schemas.definition("a.example.com", {"type": "object", "properties": {"a": {"type": "string"}}})
    faults = drawn_schemas.DEFINITION_FAULTS
    sets = [[fault] for fault in faults] + [rng.sample(faults, rng.randrange(2, 4)) for _ in range(COMBINED)]
    bodies: list[Compared] = []
    for one in sets:
        crd = drawn_schemas.with_faults(sound, one)
        bodies.append((crd, *judged_definition(server, crd)))
    compared(bodies, {})
