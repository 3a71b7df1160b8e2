"""What README, docs/ and examples/ show of our own kinds is what the decoder and the definitions take."""

import re
from typing import Any

import pytest
import yaml

from schema_judge import problems
from specimens import ROOT, of_our_kinds, shown
from underway.machines import PROVIDERS
from underway.rotate.gates import GATES
from underway.rotate.kinds.definitions import fleet_definition, rotation_definition
from underway.rotate.kinds.fleet import fleet_from
from underway.rotate.spec import rotation_from

NAMES = [gate.name for gate in GATES]
SCHEMAS: dict[str, dict[str, Any]] = {
    definition["spec"]["names"]["kind"]: definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    for definition in (rotation_definition(NAMES, PROVIDERS), fleet_definition(NAMES, PROVIDERS))
}
SHOWN = shown()
TABLE = re.findall(
    r"^\| `spec\.([\w.]+)` \| (?=`|\d|true|false)`?([^|`]+)`? \|", (ROOT / "docs/rotation.md").read_text(), re.MULTILINE
)


@pytest.mark.parametrize("place", SHOWN)
def test_what_is_shown_is_taken(place: str) -> None:
    whole = SHOWN[place]
    assert whole["apiVersion"] == "underway.dev/v1"
    assert problems(whole, SCHEMAS[whole["kind"]]) == []
    if whole["kind"] == "Fleet":
        fleet_from(whole["spec"], place, NAMES, PROVIDERS)
    else:
        rotation_from(whole, place, NAMES, PROVIDERS)


def test_the_pages_are_read() -> None:
    assert {place.partition(" ")[0] for place in SHOWN} >= {
        "README.md",
        "docs/alerts.md",
        "docs/fleet.md",
        "docs/providers/eks-nodegroup.md",
        "examples/kwok-machines/rotation.yaml",
    }


@pytest.mark.parametrize("part", [{"machine": {}}, {"spec": {"pace": {"maxSurg": 1}}}, {"target": {"kubeletVersion": "new"}}])
def test_a_part_that_is_wrong_is_found(part: dict[str, Any]) -> None:
    whole = of_our_kinds(part)
    assert whole is not None
    assert problems(whole, SCHEMAS["Rotation"])


@pytest.mark.parametrize(("path", "said"), TABLE, ids=str)
def test_the_table_of_fields_says_what_is_filled_in(path: str, said: str) -> None:
    at = SCHEMAS["Rotation"]["properties"]["spec"]
    for step in path.split("."):
        at = at["properties"][step]
    assert at.get("default", []) == yaml.safe_load(said)
