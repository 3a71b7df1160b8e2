"""CEL and its rules against a real kube-apiserver: what compiles, what every expression says of an object, what it may cost."""

import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from binaries import require_control_plane
from controlplane import ControlPlane
from expressions import costs, data, kubernetes, language, standard, transitions
from parity.conversation import Json
from parity.rules import Server, definition, instance, rules
from parity.speaker import Speaker
from underway.crd.rule_checks import check_rules
from underway.crd.rule_set import rule_set
from underway.crd.rules import validate_rules

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

AREAS = (language, standard, kubernetes, data)
# It costs more than one expression may, which ends the validation of the whole object: it is asked for by itself.
TOO_COSTLY = "lists.range(1000000).size() == 1"
COMPILING = [text for area in AREAS for text in (*area.TRUE, *area.FAILS) if text != TOO_COSTLY]
REFUSED = [text for area in AREAS for text in area.REFUSED]
# The API server knows the functions of the authorizer everywhere, though only admission policies have one to call them on.
WORDED_OTHERWISE = {"authorizer.path('/').check('get').allowed()"}
SCHEMA_PATH = "spec.validation.openAPIV3Schema"
# The placeholder that the API server makes anew for each compilation.
_SELF_TYPE = re.compile(r"selfType\d+")

Found = Sequence[tuple[str, str]]


@pytest.fixture(scope="session")
def server() -> Iterator[Server]:
    require_control_plane()
    with ControlPlane(controllers=False) as running:
        yield Server(Speaker(running.admin))


def on_spec(expressions: Sequence[str]) -> dict[str, Any]:
    """A schema with these expressions as rules of spec."""
    spec = {**data.SCHEMA, "x-kubernetes-validations": rules(expressions)}
    return {"type": "object", "properties": {"spec": spec}}


def plain(found: Found) -> list[tuple[str, str]]:
    return sorted((path, _SELF_TYPE.sub("selfType", message)) for path, message in found)


def ours(schema: dict[str, Any], new: Json, old: Json | None = None) -> list[tuple[str, str]]:
    verdict = validate_rules(rule_set(schema), new, old)
    return plain([(error.path, error.message) for error in verdict.errors])


def refused_by_us(schema: dict[str, Any]) -> list[tuple[str, str]]:
    return plain([(problem.path, problem.message) for problem in check_rules(schema, SCHEMA_PATH)])


def test_there_are_more_than_five_hundred_expressions() -> None:
    assert len(set(COMPILING)) > 700
    assert len(set(REFUSED)) > 70


def test_the_same_expressions_compile_and_the_others_are_refused_in_the_same_words(server: Server) -> None:
    expressions = [text for text in (*COMPILING, *REFUSED) if text not in WORDED_OTHERWISE]
    schema = on_spec(expressions)
    theirs = plain(server.refusals(definition("refusals", schema)))
    theirs = [(path.replace("spec.versions[0].schema.openAPIV3Schema", SCHEMA_PATH), message) for path, message in theirs]
    assert refused_by_us(schema) == theirs
    assert len(theirs) >= len(REFUSED) - len(WORDED_OTHERWISE)


def test_every_expression_says_the_same_of_an_object(server: Server) -> None:
    # A few compile and are refused all the same: nothing bounds what they may cost. The test above holds which.
    refused = {path for path, _ in refused_by_us(on_spec(COMPILING))}
    place = f"{SCHEMA_PATH}.properties[spec].x-kubernetes-validations"
    expressions = [text for number, text in enumerate(COMPILING) if f"{place}[{number}].rule" not in refused]
    assert len(expressions) > 800
    schema = on_spec(expressions)
    crd = definition("verdicts", schema)
    server.define(crd)
    body = instance("verdicts", {"spec": data.SPEC})
    theirs, mine = plain(server.errors(crd, body)), ours(schema, body)
    assert mine == theirs
    # The tables of the unit tests expect what the server says: it complains of those that fail, and of no other.
    assert len(theirs) == len({text for area in AREAS for text in area.FAILS} & set(expressions))


def test_an_expression_that_costs_too_much_ends_the_validation(server: Server) -> None:
    schema = on_spec(["self.int == 5", TOO_COSTLY, "self.int == 6"])
    crd = definition("costly", schema)
    server.define(crd)
    body = instance("costly", {"spec": data.SPEC})
    theirs = plain(server.errors(crd, body))
    assert ours(schema, body) == theirs
    assert "no further validation rules will be run due to call cost exceeds limit for rule: rule 1" in theirs[0][1]


def test_rules_without_limits_are_estimated_to_cost_the_same(server: Server) -> None:
    schema = costs.schema()
    theirs = plain(server.refusals(definition("estimates", schema)))
    assert refused_by_us(schema) == theirs
    assert sum("exceeds budget by factor of" in message for _, message in theirs) > 35


def test_a_loop_costs_the_same_to_the_last_element(server: Server) -> None:
    schema = costs.loops()
    crd = definition("loops", schema)
    server.define(crd)
    for field, loop in costs.LOOPS.items():
        for count, said in ((loop.elements - 1, "Invalid value: no"), (loop.elements, "actual cost limit exceeded")):
            body = instance("loops", {field: loop.value(count)})
            theirs = plain(server.errors(crd, body))
            assert ours(schema, body) == theirs, (field, count)
            assert said in theirs[0][1], (field, count)


def test_changes_are_judged_alike(server: Server) -> None:
    crd = definition("transitions", transitions.SCHEMA)
    server.define(crd)
    for case in transitions.CASES:
        old, new = instance("transitions", case.old), instance("transitions", case.new)
        theirs = plain(server.change(crd, old, new))
        assert ours(transitions.SCHEMA, new, old) == theirs, json.dumps([case.new, theirs])
