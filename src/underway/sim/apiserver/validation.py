"""What an object must have to be stored, as far as the embedded world and its controllers depend on it.

Owns shapes (400) and required fields (422) of what clients send; the world's own writes are not asked. It is no copy of
the real server's validation: tests/parity lists what is compared. Source: kubernetes pkg/apis/*/validation.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from underway.crd import definition_checks
from underway.crd.definition import Version
from underway.kube.resource import Resource
from underway.model import decode, quantity
from underway.model.meta import LabelSelector
from underway.model.selector import matches
from underway.sim.apiserver import api_types, custom_values, status
from underway.sim.apiserver.causes import Cause, forbidden, invalid, required, unsupported
from underway.sim.apiserver.kinds import admission, autoscaling, networking, quotas
from underway.sim.apiserver.selectors import requirement_problems
from underway.sim.world.parameters import PREFIX

Object = dict[str, Any]

SUBDOMAIN = "[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*"
_SUBDOMAIN = re.compile(SUBDOMAIN)
NAME_LENGTH_MAX = 253  # RFC 1123 subdomain
LABEL = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_LABEL = re.compile(LABEL)
LABEL_LENGTH_MAX = 63  # RFC 1123 label
POD_FIXED = (
    "pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,"
    "`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),"
    "`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)"
)
_NUMBER = re.compile(r"[0-9]+(\.[0-9]+)?")
PERCENT = "[0-9]+%"
_PERCENT = re.compile(PERCENT)
WITH_TEMPLATE = frozenset({"Deployment", "ReplicaSet", "StatefulSet", "DaemonSet", "Job"})


def check_shape(resource: Resource, value: Object) -> None:
    """That the fields have the types of the API. Raises StatusError 400."""
    why = mistyped(resource, value)
    if why:
        shown = f'{resource.kind} in version "{resource.version}" cannot be handled as a {resource.kind}'
        raise status.bad_request(f"{shown}: {why}")


def mistyped(resource: Resource, value: Object, changed: Object | None = None) -> str:
    """The first field of a wrong type, in the words of Go's decoder, or "".

    changed: the part that is new, where the rest is known to be right.
    """
    struct = api_types.struct_for(resource)
    why = api_types.mismatch(struct, value if changed is None else changed) if struct else ""
    if why:
        return why
    try:
        # What the table leaves to the types that read themselves has to suit the world's controllers all the same.
        decode.from_values(resource.kind, {**value, "metadata": value.get("metadata") or {}})
    except msgspec.ValidationError as error:
        return str(error)
    return ""


def _name(value: Object) -> Iterator[Cause]:
    name = value["metadata"].get("name", "")
    if name and not _SUBDOMAIN.fullmatch(name):
        yield invalid(
            "metadata.name",
            name,
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
            f"and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '{SUBDOMAIN}')",
        )
    if len(name) > NAME_LENGTH_MAX:
        yield invalid("metadata.name", name, f"must be no more than {NAME_LENGTH_MAX} bytes")


def _labels(value: Object) -> Iterator[Cause]:
    for wanted in (value["metadata"].get("labels") or {}).values():
        if len(wanted) > LABEL_LENGTH_MAX:
            yield invalid("metadata.labels", wanted, f"must be no more than {LABEL_LENGTH_MAX} bytes")
        elif not _LABEL.fullmatch(wanted):
            yield invalid(
                "metadata.labels",
                wanted,
                "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start "
                "and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation "
                f"is '{LABEL}')",
            )


def _parameters(metadata: Object, field: str) -> Iterator[Cause]:
    """The annotations that the simulated kubelet reads are numbers of seconds, or "never"."""
    for key, text in sorted((metadata.get("annotations") or {}).items()):
        if key.startswith(PREFIX) and text != "never" and not _NUMBER.fullmatch(text):
            yield invalid(f"{field}.annotations[{key}]", text, 'must be a number, or "never" (a parameter of the embedded world)')


def _change(current: Object, value: Object) -> Iterator[Cause]:
    """What may not change."""
    before, after = current["metadata"], value["metadata"]
    if before.get("deletionTimestamp"):
        new = [name for name in after.get("finalizers") or () if name not in (before.get("finalizers") or ())]
        if new:
            why = "no new finalizers can be added if the object is being deleted, found new finalizers []string"
            listed = ", ".join(f'"{name}"' for name in new)
            yield forbidden("metadata.finalizers", f"{why}{{{listed}}}")
    was, wanted = current.get("spec") or {}, value.get("spec") or {}
    if value["kind"] == "Pod" and _fixed(was) != _fixed(wanted):
        yield forbidden("spec", POD_FIXED)
    elif value["kind"] == "Pod" and len(was.get("containers") or ()) != len(wanted.get("containers") or ()):
        yield forbidden("spec.containers", "pod updates may not add or remove containers")
    if value["kind"] in WITH_TEMPLATE and was.get("selector") != wanted.get("selector"):
        yield invalid("spec.selector", wanted.get("selector"), "field is immutable")


def _fixed(spec: Object) -> Object:
    """The part of a pod's spec that never changes."""
    free = ("containers", "initContainers", "activeDeadlineSeconds", "tolerations", "terminationGracePeriodSeconds")
    return {key: part for key, part in spec.items() if key not in free}


def _pod_spec(spec: Object, field: str) -> Iterator[Cause]:
    if not spec.get("containers"):
        yield required(f"{field}.containers")
    for index, container in enumerate(spec.get("containers") or ()):
        at = f"{field}.containers[{index}]"
        if not container.get("name"):
            yield required(f"{at}.name")
        if not container.get("image"):
            yield required(f"{at}.image")
        yield from _quantities(container.get("resources") or {}, f"{at}.resources")
    for index, volume in enumerate(spec.get("volumes") or ()):
        if "persistentVolumeClaim" in volume and not (volume["persistentVolumeClaim"] or {}).get("claimName"):
            yield required(f"{field}.volumes[{index}].persistentVolumeClaim.claimName")
    grace = spec.get("terminationGracePeriodSeconds")
    if isinstance(grace, int) and grace < 0:
        yield invalid(f"{field}.terminationGracePeriodSeconds", grace, "must be greater than or equal to 0")


def _quantities(resources: Object, field: str) -> Iterator[Cause]:
    for part in ("requests", "limits"):
        for name, wanted in (resources.get(part) or {}).items():
            try:
                amount = quantity.milli(wanted)
            except ValueError:
                why = "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'"
                yield invalid(f"{field}.{part}[{name}]", wanted, why)
            else:
                if amount < 0:
                    yield invalid(f"{field}.{part}[{name}]", wanted, "must be greater than or equal to 0")


def _pod(value: Object) -> Iterator[Cause]:
    yield from _pod_spec(value.get("spec") or {}, "spec")


def _workload(value: Object) -> Iterator[Cause]:
    spec = value.get("spec") or {}
    replicas = spec.get("replicas")
    if isinstance(replicas, int) and replicas < 0:
        yield invalid("spec.replicas", replicas, "must be greater than or equal to 0")
    template = spec.get("template") or {}
    if value.get("kind") != "Job":
        labels = (template.get("metadata") or {}).get("labels") or {}
        if not spec.get("selector"):
            yield required("spec.selector")
        elif wrong := list(requirement_problems(spec["selector"], "spec.selector")):
            yield from wrong
            unreadable = invalid("spec.selector", "", "invalid label selector")
            yield {**unreadable, "message": "Invalid value: <struct>: invalid label selector"}
        elif not matches(msgspec.convert(spec["selector"], LabelSelector), labels):
            yield invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
    yield from _pod_spec(template.get("spec") or {}, "spec.template.spec")
    yield from _parameters(template.get("metadata") or {}, "spec.template.metadata")
    for index, claim in enumerate(spec.get("volumeClaimTemplates") or ()):
        if not (claim.get("metadata") or {}).get("name"):
            yield required(f"spec.volumeClaimTemplates[{index}].metadata.name")


def _replication_controller(value: Object) -> Iterator[Cause]:
    spec = value.get("spec") or {}
    replicas, template = spec.get("replicas"), spec.get("template")
    wanted = spec.get("selector") or {}
    labels = ((template or {}).get("metadata") or {}).get("labels") or {}
    if not (wanted or labels):
        yield required("spec.selector")
    if isinstance(replicas, int) and replicas < 0:
        yield invalid("spec.replicas", replicas, "must be greater than or equal to 0")
    if template is None:
        yield required("spec.template")
        return
    if not wanted.items() <= labels.items():
        yield invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
    yield from _pod_spec(template.get("spec") or {}, "spec.template.spec")
    policy = (template.get("spec") or {}).get("restartPolicy", "Always")
    if policy != "Always":
        yield unsupported("spec.template.spec.restartPolicy", policy, ("Always",))


def _pod_template(value: Object) -> Iterator[Cause]:
    yield from _pod_spec((value.get("template") or {}).get("spec") or {}, "template.spec")


def _service(value: Object) -> Iterator[Cause]:
    spec = value.get("spec") or {}
    if not spec.get("ports") and spec.get("type") != "ExternalName" and spec.get("clusterIP") != "None":
        yield required("spec.ports")


def _budget(value: Object) -> Iterator[Cause]:
    spec = value.get("spec") or {}
    yield from requirement_problems(spec.get("selector") or {}, "spec.selector")
    if spec.get("minAvailable") is not None and spec.get("maxUnavailable") is not None:
        both = {key: spec[key] for key in ("maxUnavailable", "minAvailable")}
        yield invalid("spec", both, "minAvailable and maxUnavailable cannot be both set")
    for field in ("minAvailable", "maxUnavailable"):
        wanted = spec.get(field)
        if isinstance(wanted, str) and not _PERCENT.fullmatch(wanted):
            why = "a valid percent string must be a numeric string followed by an ending '%'"
            shown = f"(e.g. '1%',  or '93%', regex used for validation is '{PERCENT}')"
            yield invalid(f"spec.{field}", wanted, f"{why} {shown}")
        elif isinstance(wanted, int) and wanted < 0:
            yield invalid(f"spec.{field}", wanted, "must be greater than or equal to 0")


def _definition(value: Object) -> Iterator[Cause]:
    yield from (custom_values.cause_of(problem) for problem in definition_checks.problems(value))


RULES: dict[str, Callable[[Object], Iterator[Cause]]] = {
    "Pod": _pod,
    "Service": _service,
    "PodDisruptionBudget": _budget,
    "CustomResourceDefinition": _definition,
    "ReplicationController": _replication_controller,
    "PodTemplate": _pod_template,
    **autoscaling.CHECKS,
    **quotas.CHECKS,
    **admission.CHECKS,
    **networking.CHECKS,
    **dict.fromkeys(WITH_TEMPLATE, _workload),
}


def check(resource: Resource, value: Object, current: Object | None = None, version: Version | None = None) -> None:
    """That an object a client sent can be stored.

    current: what it replaces; version: of a custom resource. Raises StatusError 400, 422.
    """
    check_shape(resource, value)
    whole = {**value, "kind": resource.kind, "metadata": value.get("metadata") or {}}
    causes = [*_name(whole), *_labels(whole), *_parameters(whole["metadata"], "metadata")]
    if resource.kind in RULES:
        causes += RULES[resource.kind](whole)
    if current is not None:
        causes += _change(current, whole)
    causes += custom_values.causes(version, value, current)
    if causes:
        raise status.invalid(resource, whole["metadata"].get("name", ""), causes)
