"""Objects as API servers write them: what was never set may be null, and that must not make a whole kind unreadable."""

import json

import msgspec
import pytest

from underway.model.decode import TYPES, from_json

NAMED = {"name": "x", "resourceVersion": "7"}


def decoded(kind: str, **value: object) -> object:
    return from_json(kind, json.dumps({"metadata": NAMED, **value}).encode())


def test_a_time_that_was_never_set_is_null_and_as_good_as_absent() -> None:
    ready = {"type": "Ready", "status": "False"}
    for kind in ("Pod", "Node"):
        nothing = decoded(kind, status={"conditions": [{**ready, "lastTransitionTime": None}]})
        assert nothing == decoded(kind, status={"conditions": [ready]})
        assert nothing != decoded(kind)


@pytest.mark.parametrize("kind", sorted(TYPES))
def test_null_is_absent_in_every_kind(kind: str) -> None:
    empty = {"labels": None, "annotations": None, "creationTimestamp": None, "ownerReferences": None, "finalizers": None}
    assert decoded(kind, metadata={**NAMED, **empty}, spec=None, status=None) == decoded(kind)


def test_what_is_wrong_is_still_refused() -> None:
    with pytest.raises(msgspec.ValidationError, match="status"):
        decoded("Pod", status={"conditions": [{"type": 3, "lastTransitionTime": None}]})
