"""The API server's side of conversion: what it sends to a webhook, and what it accepts of the answer.

For whoever stands where the API server stands: the embedded one, and tests of other people's webhooks. The messages are the
real server's. Source: apiextensions-apiserver pkg/apiserver/conversion/webhook_converter.go.
"""

from collections.abc import Sequence
from typing import Any

import msgspec

Object = dict[str, Any]
KNOWN = ("v1", "v1beta1")
GROUP = "apiextensions.k8s.io"


class Refused(msgspec.Struct, frozen=True):
    """Why the API server does not accept an answer: it fails the whole request with this message."""

    message: str


def review_version(versions: Sequence[str]) -> str:
    """The first of conversionReviewVersions that the API server knows, "" if it knows none."""
    return next((version for version in versions if version in KNOWN), "")


def request_of(objects: Sequence[Object], desired: str, uid: str, version: str) -> Object:
    """The ConversionReview that asks for these objects in the desired apiVersion."""
    request = {"uid": uid, "desiredAPIVersion": desired, "objects": list(objects)}
    return {"kind": "ConversionReview", "apiVersion": f"{GROUP}/{version}", "request": request}


def accepted(answer: Any, objects: Sequence[Object], desired: str, uid: str, version: str) -> list[Object] | Refused:
    """The converted objects of an answer, with the metadata of the originals but for labels and annotations."""
    what = f"conversion webhook for {_kind_of(objects[0])}"
    converted, why = _converted(answer, uid, version)
    if why:
        return Refused(f"{what} failed: {why}")
    if len(converted) != len(objects):
        return Refused(f"{what} returned {len(converted)} objects, expected {len(objects)}")
    made = []
    for index, (original, value) in enumerate(zip(objects, converted, strict=True)):
        why = _invalid(original, value, desired)
        if why:
            return Refused(f"{what} returned invalid converted object at index {index}: {why}")
        restored = _restored(original, value)
        if isinstance(restored, str):
            return Refused(f"{what} returned invalid metadata in object at index {index}: {restored}")
        made.append(restored)
    return made


def _kind_of(value: Object) -> str:
    return f"{value.get('apiVersion')}, Kind={value.get('kind')}"


def _converted(answer: Any, uid: str, version: str) -> tuple[list[Any], str]:
    """The objects of an answer, and why it is none, or ""."""
    if not isinstance(answer, dict):
        return [], "the answer is not an object"
    response = answer.get("response")
    if version == "v1":
        wanted, got = f"{GROUP}/v1, Kind=ConversionReview", _kind_of(answer)
        if wanted != got:
            return [], f"expected webhook response of {wanted}, got {got}"
    if not isinstance(response, dict):
        return [], "no response provided"
    if version == "v1" and response.get("uid") != uid:
        return [], f'expected response.uid="{uid}", got "{response.get("uid", "")}"'
    result = response.get("result") or {}
    if result.get("status") != "Success":
        return [], result.get("message") or f"response.result.status was '{result.get('status', '')}', not 'Success'"
    return list(response.get("convertedObjects") or ()), ""


def _invalid(original: Object, value: Any, desired: str) -> str:
    if not isinstance(value, dict):
        return "it is not an object"
    if value.get("apiVersion") != desired:
        return f"invalid groupVersion (expected {desired}, received {value.get('apiVersion')})"
    if value.get("kind") != original.get("kind"):
        return f"invalid kind (expected {original.get('kind')}, received {value.get('kind')})"
    metadata = value.get("metadata")
    theirs = metadata if isinstance(metadata, dict) else {}
    for name, shown in (("name", "name"), ("namespace", "namespace"), ("uid", "UID")):
        before, after = original["metadata"].get(name, ""), theirs.get(name, "")
        if before != after:
            return f"must have the same {shown}: {before} != {after}"
    return ""


def _restored(original: Object, value: Object) -> Object | str:
    """The object with the original's metadata and its own labels and annotations; a sentence if those cannot be."""
    if "metadata" not in value:
        return "missing metadata in converted object"
    metadata = {key: child for key, child in original["metadata"].items() if key not in ("labels", "annotations")}
    for key in ("labels", "annotations"):
        theirs = value["metadata"].get(key)
        if theirs is None:
            continue
        if not isinstance(theirs, dict) or not all(isinstance(text, str) for text in theirs.values()):
            return f"invalid metadata.{key} in converted object: strings are wanted"
        metadata[key] = theirs
    return {**value, "metadata": metadata}
