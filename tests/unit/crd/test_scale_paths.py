"""What a Scale could not hold, in kube-apiserver's words."""

from typing import Any

import pytest

from underway.crd import scale_paths

SCALE = {"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n", "labelSelectorPath": ".status.selector"}


WANTED = "[1] is of the type []interface {}, expected map[string]interface{}"
SHOWN = "map[a:[true] b:1.5] is of the type map[string]interface {}, expected int64"


def told(value: Any, *names: tuple[str, ...]) -> list[str]:
    return [str(one) for one in scale_paths.problems(value, {"scale": SCALE}, *names)]


@pytest.mark.parametrize(
    ("spec", "said"),
    [
        ({"n": 3}, []),
        ({}, []),
        (None, []),
        ({"n": -1}, [".spec.n: Invalid value: -1: should be a non-negative integer"]),
        ({"n": 2**31}, [".spec.n: Invalid value: 2147483648: should be less than or equal to 2147483647"]),
        ({"n": "3"}, [".spec.n: Invalid value: 0: .spec.n accessor error: 3 is of the type string, expected int64"]),
        ({"n": None}, [".spec.n: Invalid value: 0: .spec.n accessor error: <nil> is of the type <nil>, expected int64"]),
        (
            {"n": {"b": 1.5, "a": [True]}},
            [f".spec.n: Invalid value: 0: .spec.n accessor error: {SHOWN}"],
        ),
        (
            [1],
            [f".spec.n: Invalid value: 0: .spec.n accessor error: {WANTED}"],
        ),
    ],
)
def test_replicas_are_numbers_that_a_scale_holds(spec: Any, said: list[str]) -> None:
    assert told({"spec": spec}) == said


def test_of_a_status_its_replicas_and_selector_are_looked_at() -> None:
    value = {"spec": {"n": -1}, "status": {"n": -1, "selector": 7}}
    assert told(value, scale_paths.STATUS) == [
        ".status.n: Invalid value: -1: should be a non-negative integer",
        '.status.selector: Invalid value: "": .status.selector accessor error: 7 is of the type int64, expected string',
    ]


def test_without_the_subresource_nothing_is_said() -> None:
    assert list(scale_paths.problems({"spec": {"n": -1}}, {})) == []
