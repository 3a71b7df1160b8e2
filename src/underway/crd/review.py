"""ConversionReview and AdmissionReview as values: bytes in, a decision, bytes out.

Owns the contract with the API server: which reviews can be read, all or nothing, the same uid, count and order, and a message
that names every bad object. It does not know how a review travels (`underway.web`) nor how objects are converted
(`crd.conversion`). Sources: apiextensions-apiserver pkg/apiserver/conversion/webhook_converter.go; apiserver
pkg/admission/plugin/webhook/request/admissionreview.go; "Dynamic Admission Control".
"""

import base64
from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from underway.crd.conversion import Conversions, Converted, Unconvertible

Object = dict[str, Any]
OBJECTS_MAX = 10_000  # a list chunk of the API server has 500; its watch cache asks for all of a kind at once
BAD_SHOWN = 5
CONVERSION_GROUP, ADMISSION_GROUP = "apiextensions.k8s.io", "admission.k8s.io"
CONVERSION_VERSIONS = (f"{CONVERSION_GROUP}/v1", f"{CONVERSION_GROUP}/v1beta1")
ADMISSION_VERSIONS = (f"{ADMISSION_GROUP}/v1",)


class Unreadable(msgspec.Struct, frozen=True):
    """A body that is no review: there is nobody to answer by uid, so the shell answers with an HTTP error."""

    reason: str


class ConversionRequest(msgspec.Struct, frozen=True):
    """What is asked. objects: in any served versions; desired_api_version: group and version that all shall have."""

    uid: str
    desired_api_version: str = msgspec.field(name="desiredAPIVersion")
    objects: list[Object]


class ConversionReview(msgspec.Struct, frozen=True, rename="camel"):
    """The envelope."""

    api_version: str
    kind: str
    request: ConversionRequest


class Bad(msgspec.Struct, frozen=True):
    """One object that cannot be converted. index: its place in the review; involved: as an Event names it."""

    index: int
    name: str
    outcome: Unconvertible
    involved: dict[str, str] = {}

    def __str__(self) -> str:
        field = f"{self.outcome.field}: " if self.outcome.field else ""
        return f"objects[{self.index}] {self.name}: {field}{self.outcome.reason}"


_CONVERSION = msgspec.json.Decoder(ConversionReview)
_ENCODE = msgspec.json.Encoder().encode


def read_conversion(body: bytes) -> ConversionReview | Unreadable:
    """Decode a ConversionReview of version v1 or v1beta1."""
    try:
        review = _CONVERSION.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Unreadable(f"the body is no ConversionReview: {error}")
    if review.kind != "ConversionReview" or review.api_version not in CONVERSION_VERSIONS:
        known = " or ".join(CONVERSION_VERSIONS)
        return Unreadable(f"{review.kind} of {review.api_version!r} is not understood; a ConversionReview of {known} is")
    if not review.request.uid:
        return Unreadable("request.uid is empty; the API server always sends one, and wants it back")
    return review


class Task:
    """The conversion of one review, piece by piece, so that a shell may do other things between.

    kinds: the conversions that are served. `step` converts some objects; `answer` is the response's bytes.
    """

    def __init__(self, review: ConversionReview, kinds: Sequence[Conversions]) -> None:
        self.review = review
        self.failure = ""
        self.converted: list[Object] = []
        self.bad: list[Bad] = []
        self.sources: dict[str, int] = {}
        request = review.request
        group, _, self._to = request.desired_api_version.rpartition("/")
        served = [one for one in kinds if one.versions.group == group]
        self._by_kind = {one.versions.kind: one for one in served}
        if len(request.objects) > OBJECTS_MAX:
            self.failure = f"the review holds {len(request.objects)} objects; at most {OBJECTS_MAX} are converted at once"
        elif not served or all(self._to not in one.versions.order for one in served):
            known = ", ".join(f"{one.versions.group}/{name}" for one in kinds for name in one.versions.order)
            self.failure = f"desiredAPIVersion {request.desired_api_version!r} is not served here; there are {known}"
        self._left: Iterator[tuple[int, Object]] = iter(() if self.failure else enumerate(request.objects))

    def step(self, count: int) -> bool:
        """Convert so many more objects. Whether there are any left."""
        for _ in range(count):
            pair = next(self._left, None)
            if pair is None:
                return False
            index, value = pair
            outcome = self._convert(value)
            if isinstance(outcome, Converted):
                self.converted.append(outcome.object)
            else:
                self.bad.append(Bad(index, _named(value), outcome, _involved(value)))
        return True

    def _convert(self, value: Object) -> Converted | Unconvertible:
        kind, source = value.get("kind"), value.get("apiVersion")
        conversions = self._by_kind.get(kind) if isinstance(kind, str) else None
        if conversions is None:
            return Unconvertible(f"kind is {kind!r}; there are conversions of {', '.join(sorted(self._by_kind))}", "kind")
        if isinstance(source, str):
            self.sources[source] = self.sources.get(source, 0) + 1
        return conversions.convert(value, self._to)

    def give_up(self, reason: str) -> None:
        """End without a result: one failure for the whole review."""
        self.failure = reason
        self._left = iter(())

    def answer(self) -> bytes:
        """The response: all objects, or none and why."""
        uid = self.review.request.uid
        response: dict[str, Any]
        if self.failure or self.bad:
            response = {"uid": uid, "convertedObjects": [], "result": {"status": "Failure", "message": self.message}}
        else:
            response = {"uid": uid, "convertedObjects": self.converted, "result": {"status": "Success"}}
        return _ENCODE({"apiVersion": self.review.api_version, "kind": "ConversionReview", "response": response})

    @property
    def message(self) -> str:
        """Why the review failed, "" if it did not."""
        if self.failure or not self.bad:
            return self.failure
        shown = "; ".join(str(bad) for bad in self.bad[:BAD_SHOWN])
        more = f"; and {len(self.bad) - BAD_SHOWN} more" if len(self.bad) > BAD_SHOWN else ""
        total = len(self.review.request.objects)
        return (
            f"{len(self.bad)} of {total} objects cannot be converted to {self.review.request.desired_api_version}: {shown}{more}"
        )


def _named(value: Object) -> str:
    metadata = value.get("metadata")
    if not isinstance(metadata, dict) or not metadata.get("name"):
        return "(without a name)"
    namespace = metadata.get("namespace")
    return f"{namespace}/{metadata['name']}" if namespace else str(metadata["name"])


def _involved(value: Object) -> dict[str, str]:
    """The object's reference. Source: core/v1 ObjectReference."""
    metadata = value.get("metadata") if isinstance(value.get("metadata"), dict) else {}
    fields = {"apiVersion": value.get("apiVersion"), "kind": value.get("kind")}
    fields |= {key: (metadata or {}).get(key) for key in ("namespace", "name", "uid")}
    return {key: text for key, text in fields.items() if isinstance(text, str) and text}


def event_of(bad: Bad, now: str, reporter: str) -> Object:
    """A Warning about an object that could not be converted. now: RFC 3339; reporter: which process says so."""
    return {
        "apiVersion": "v1",
        "kind": "Event",
        # Events of objects without a namespace live in "default" (pkg/apis/core/validation/events.go).
        "metadata": {"generateName": "conversion-", "namespace": bad.involved.get("namespace", "default")},
        "involvedObject": bad.involved,
        "type": "Warning",
        "reason": "ConversionFailed",
        "message": f"{bad.outcome.field}: {bad.outcome.reason}"[:1024].removeprefix(": "),
        "source": {"component": "underway-webhook"},
        "reportingComponent": "underway-webhook",
        "reportingInstance": reporter,
        "firstTimestamp": now,
        "lastTimestamp": now,
        "count": 1,
    }


class AdmissionRequest(msgspec.Struct, frozen=True, rename="camel"):
    """What is asked of an admission webhook. object: None on DELETE; old_object: None on CREATE."""

    uid: str
    operation: str = ""
    name: str = ""
    namespace: str = ""
    subresource: str = ""
    dry_run: bool = False
    kind: dict[str, str] = {}
    resource: dict[str, str] = {}
    user_info: dict[str, Any] = {}
    object: Object | None = None
    old_object: Object | None = None


class AdmissionReview(msgspec.Struct, frozen=True, rename="camel"):
    """The envelope."""

    api_version: str
    kind: str
    request: AdmissionRequest


class Allowed(msgspec.Struct, frozen=True):
    """Yes. object: what it shall be instead (mutating webhooks only); warnings: shown to the user, each at most 120 letters."""

    object: Object | None = None
    warnings: tuple[str, ...] = ()
    audit: dict[str, str] = {}


class Denied(msgspec.Struct, frozen=True):
    """No. message: for the user; code: HTTP status; reason: machine-readable."""

    message: str
    code: int = 403
    reason: str = "Forbidden"
    warnings: tuple[str, ...] = ()


Verdict = Allowed | Denied
_ADMISSION = msgspec.json.Decoder(AdmissionReview)


def read_admission(body: bytes) -> AdmissionReview | Unreadable:
    """Decode an AdmissionReview of version v1."""
    try:
        review = _ADMISSION.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Unreadable(f"the body is no AdmissionReview: {error}")
    if review.kind != "AdmissionReview" or review.api_version not in ADMISSION_VERSIONS:
        return Unreadable(
            f"{review.kind} of {review.api_version!r} is not understood; AdmissionReview of {ADMISSION_VERSIONS[0]} is"
        )
    if not review.request.uid:
        return Unreadable("request.uid is empty; the API server always sends one, and wants it back")
    return review


def admission_answer(review: AdmissionReview, verdict: Verdict, patch: bytes = b"") -> bytes:
    """The response's bytes. patch: a JSON Patch, b"" for none: a validating webhook must not send one."""
    response: dict[str, Any] = {"uid": review.request.uid, "allowed": isinstance(verdict, Allowed)}
    if isinstance(verdict, Denied):
        response["status"] = {
            "status": "Failure",
            "code": verdict.code,
            "reason": verdict.reason,
            "message": verdict.message,
        }
    elif patch:
        response |= {"patchType": "JSONPatch", "patch": base64.b64encode(patch).decode()}
    if isinstance(verdict, Allowed) and verdict.audit:
        response["auditAnnotations"] = verdict.audit
    if verdict.warnings:
        response["warnings"] = list(verdict.warnings)
    return _ENCODE({"apiVersion": review.api_version, "kind": "AdmissionReview", "response": response})
