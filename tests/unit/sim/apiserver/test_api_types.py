"""What the embedded server knows of the fields of built-in kinds."""

from typing import Any

import pytest

from underway.sim.apiserver import api_types
from underway.sim.apiserver.catalogue import CATALOGUE

POD = "core.Pod"


def pod(**spec: Any) -> dict[str, Any]:
    return {"metadata": {"name": "web"}, "spec": spec}


def test_every_served_kind_has_a_struct() -> None:
    assert [entry.resource.kind for entry in CATALOGUE if not api_types.struct_for(entry.resource)] == []


@pytest.mark.parametrize(
    ("spec", "sentence"),
    [
        ({"priority": "high"}, "cannot unmarshal string into Go struct field PodSpec.spec.priority of type int32"),
        ({"priority": 1.5}, "cannot unmarshal number 1.5 into Go struct field PodSpec.spec.priority of type int32"),
        ({"containers": {}}, "cannot unmarshal object into Go struct field PodSpec.spec.containers of type []v1.Container"),
        ({"containers": [5]}, "cannot unmarshal number into Go struct field PodSpec.spec.containers of type v1.Container"),
        ({"volumes": [{"emptyDir": []}]}, "field VolumeSource.spec.volumes.emptyDir of type v1.EmptyDirVolumeSource"),
        ({"nodeSelector": {"a": 1}}, "cannot unmarshal number into Go struct field PodSpec.spec.nodeSelector of type string"),
        ({"restartPolicy": 1}, "field PodSpec.spec.restartPolicy of type v1.RestartPolicy"),
        ({"priority": None, "containers": [], "unheard": {"of": 1}}, ""),
    ],
)
def test_a_wrong_type_is_named_as_go_names_it(spec: dict[str, Any], sentence: str) -> None:
    found = api_types.mismatch(POD, pod(**spec))
    assert sentence in found
    assert bool(found) is bool(sentence)


def test_unknown_fields_are_found_and_dropped_at_any_depth() -> None:
    value = pod(containers=[{"name": "app", "img": "x", "resources": {"limits": {"cpu": 1}}}], volume=[])
    assert list(api_types.unknown_fields(POD, value)) == ["spec.containers[0].img", "spec.volume"]
    assert api_types.known_part(POD, value) == pod(containers=[{"name": "app", "resources": {"limits": {"cpu": 1}}}])
