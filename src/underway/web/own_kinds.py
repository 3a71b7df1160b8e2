"""The project's own kinds in all their versions: Rotation and Fleet in v1alpha1, v1beta1 and v1, the hub.

v1 is drawn from what the operator decodes (`rotate.kinds`); the others are derived from it here, so that they cannot fall
behind. v1beta1 differs in three places: freeze instead of mode, drain.timeoutSeconds, and gates by name. v1alpha1 is what the
operator once began with: {kubeletVersion, freeze, concurrency, nodeSelector, healthChecks}.

    underway crd serve underway.web.own_kinds:CONVERSIONS --port 8443 --ca-bundle
"""

import copy
from collections.abc import Iterable, Mapping
from typing import Any

from underway.crd.conversion import (
    SECONDS,
    Codec,
    Conversions,
    Each,
    EnumMap,
    Keep,
    Move,
    Relocate,
    Rename,
    Spoke,
    Unit,
    Wrap,
)
from underway.crd.conversion.completeness import versions_of
from underway.crd.conversion.outcome import NotUnderstood
from underway.model.duration import seconds
from underway.rotate.fields import DURATION_MAX, SHARE_MAX
from underway.rotate.gate_spec import NEEDS
from underway.rotate.gates import GATES
from underway.rotate.kinds.definitions import fleet_definition, rotation_definition
from underway.rotate.spec import NO_TARGET, Drain

Schema = dict[str, Any]
MODES = {True: "Freeze", False: "Rotate"}
FREEZE: Schema = {"type": "boolean", "description": "Nothing new is begun, what is under way is left tidy."}
SERVICE = {"name": "underway-webhook", "path": "/convert", "port": 443}
_GIVEN = "(has({0}.kubeletVersion) && size({0}.kubeletVersion) > 0)"
TARGET_RULE: Schema = {
    "rule": f"{_GIVEN.format('self')} || oldSelf.hasValue() && !{_GIVEN.format('oldSelf.value()')}",
    "optionalOldSelf": True,
    "message": f"{NO_TARGET}; v1alpha1 has kubeletVersion alone",
}
GATES_RULE: Schema = {
    "rule": f"self.all(gate, !(gate in {sorted(NEEDS)})) || oldSelf.hasValue() && self == oldSelf.value()",
    "optionalOldSelf": True,
    "message": f"the gates {', '.join(sorted(NEEDS))} need settings that v1alpha1 does not have; add them in v1",
}

# Where it is not given v1's default holds. getSeconds leaves out a fraction of a second, by which a duration may be longer.
_TIMEOUT = f"(has(self.timeoutSeconds) ? self.timeoutSeconds : {round(seconds(Drain().timeout))})"
DRAIN_RULES = {
    "!has(self.timeout) || ": "",
    "duration(self.deadline) >= duration(self.timeout)": f"duration(self.deadline).getSeconds() >= {_TIMEOUT}",
    "duration(self.notifyAfter) <= duration(self.timeout)": (
        f"(duration(self.notifyAfter) - duration('1ms')).getSeconds() < {_TIMEOUT}"
    ),
}
"""How v1's rules of a drain read where its timeout is a number."""


def _integer(value: Any) -> int:
    """A number, where the hub also takes a percentage: that is kept."""
    if type(value) is not int:
        raise NotUnderstood
    return value


INTEGER = Codec(_integer, _integer)


def beta_moves(spec: str) -> tuple[Move, ...]:
    """From v1beta1 to v1, for a RotationSpec at this path."""
    return (
        EnumMap(f"{spec}.freeze", f"{spec}.mode", MODES),
        Unit(f"{spec}.drain.timeoutSeconds", f"{spec}.drain.timeout", SECONDS),
        Each(f"{spec}.health", Rename("name", "gate")),
    )


def alpha_moves(spec: str) -> tuple[Move, ...]:
    """From v1alpha1 to v1, for a RotationSpec at this path."""
    return (
        EnumMap(f"{spec}.freeze", f"{spec}.mode", MODES),
        Relocate(f"{spec}.kubeletVersion", f"{spec}.target.kubeletVersion"),
        Unit(f"{spec}.concurrency", f"{spec}.pace.maxUnavailable", INTEGER),
        Relocate(f"{spec}.nodeSelector", f"{spec}.nodes.selector.matchLabels"),
        Wrap(f"{spec}.healthChecks", f"{spec}.health", key="gate", items=True),
    )


def beta_spec(spec: Schema) -> Schema:
    """The RotationSpec of v1beta1."""
    made = copy.deepcopy(spec)
    properties = made["properties"]
    del properties["mode"]
    properties["freeze"] = dict(FREEZE)
    # Defaults are v1's: it is what is stored. Here they would name fields that are called otherwise.
    properties["drain"].pop("default", None)
    drain = properties["drain"]["properties"]
    del drain["timeout"]
    drain["timeoutSeconds"] = {"type": "integer", "minimum": 1, "maximum": round(seconds(DURATION_MAX))}
    _reword(properties["drain"]["x-kubernetes-validations"], DRAIN_RULES)
    properties["health"].pop("default", None)
    gate = properties["health"]["items"]
    gate["properties"]["name"] = gate["properties"].pop("gate")
    gate["required"] = ["name"]
    _reword(gate["x-kubernetes-validations"], {"self.gate ": "self.name "})
    _reword(made["x-kubernetes-validations"], {"one.gate ": "one.name ", "other.gate ": "other.name "})
    return made


def _reword(rules: Iterable[Schema], words: Mapping[str, str]) -> None:
    """Let rules of v1 speak of another version's fields.

    Raises LookupError where none of them says so any more: what is left would judge a field that is not there.
    """
    for v1, other in words.items():
        meant = [rule for rule in rules if v1 in rule["rule"]]
        if not meant:
            raise LookupError(f"no rule of v1 says {v1!r} any more: say in web/own_kinds.py how v1beta1 reads now")
        for rule in meant:
            rule["rule"] = rule["rule"].replace(v1, other)


def alpha_spec(spec: Schema) -> Schema:
    """The RotationSpec of v1alpha1.

    What v1 cannot do without, and v1alpha1 cannot say, is asked for as long as an object does without: its clients may change
    a Rotation of v1 (freeze it, above all) that has another target, or gates with settings.
    """
    properties = spec["properties"]
    gate = properties["health"]["items"]["properties"]["gate"]
    return {
        "type": "object",
        "x-kubernetes-validations": [TARGET_RULE],
        "properties": {
            "kubeletVersion": copy.deepcopy(properties["target"]["properties"]["kubeletVersion"]),
            "freeze": dict(FREEZE),
            "concurrency": {"type": "integer", "minimum": 0, "maximum": SHARE_MAX},
            "nodeSelector": copy.deepcopy(properties["nodes"]["properties"]["selector"]["properties"]["matchLabels"]),
            "healthChecks": {
                "type": "array",
                "items": copy.deepcopy(gate),
                "maxItems": properties["health"].get("maxItems", 64),
                "x-kubernetes-validations": [GATES_RULE],
            },
        },
    }


def definitions(gates: Iterable[str], providers: Iterable[str], namespace: str = "underway-system") -> tuple[Schema, Schema]:
    """The definitions of Rotation and Fleet with all versions, converted by our webhook in this namespace."""
    names = list(gates), list(providers)
    rotation, fleet = rotation_definition(*names), fleet_definition(*names)
    for name, derive in (("v1beta1", beta_spec), ("v1alpha1", alpha_spec)):
        _add(rotation, name, derive(_spec(rotation)))
        whole = copy.deepcopy(_spec(fleet))
        del whole["properties"]["mode"]
        whole["properties"]["freeze"] = dict(FREEZE)
        inner = whole["properties"]["rotation"]["properties"]
        inner["spec"] = derive(inner["spec"])
        _add(fleet, name, whole)
    for one in (rotation, fleet):
        one["spec"]["conversion"] = {
            "strategy": "Webhook",
            "webhook": {
                "conversionReviewVersions": ["v1"],
                "clientConfig": {"service": {**SERVICE, "namespace": namespace}},
            },
        }
    return rotation, fleet


def _spec(definition: Schema) -> Schema:
    spec: Schema = definition["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]
    return spec


def _add(definition: Schema, name: str, spec: Schema) -> None:
    """Add a version that is the first but for its name and spec."""
    version = copy.deepcopy(definition["spec"]["versions"][0])
    version |= {"name": name, "storage": False}
    version["schema"]["openAPIV3Schema"]["properties"]["spec"] = spec
    definition["spec"]["versions"].append(version)


def _complete(crd: Schema, version: str, moves: tuple[Move, ...]) -> Spoke:
    """The spoke, with a Keep for all that only v1 has: it is kept on purpose, whatever v1 comes to have."""
    fields = versions_of(crd).fields
    told = [path for move in moves for path in move.explains().hub]
    alone = [path for path in fields["v1"] if path not in fields[version]]
    above = {path for path in alone if any(other.startswith((f"{path}.", f"{path}[]")) for other in alone)}
    # A field inside an object that is there in both, or the topmost of what is not, unless a move has it or something in it.
    topmost = [path for path in alone if not any(path.startswith((f"{other}.", f"{other}[]")) for other in alone)]
    kept: list[str] = []
    for path in topmost:
        kept += _parts(path, alone, above, told)
    return Spoke(version, (*moves, Keep(*kept)) if kept else moves)


def _parts(path: str, alone: list[str], above: set[str], told: list[str]) -> list[str]:
    """The path, or, where moves explain something in it, the parts that they do not."""
    if "[]" in path or path in told or any(path.startswith(f"{one}.") for one in told):
        return []
    if not any(one.startswith((f"{path}.", f"{path}[]")) for one in told):
        return [path]
    if path not in above:
        return []
    children = [one for one in alone if one.startswith(f"{path}.") and "." not in one[len(path) + 1 :] and "[]" not in one]
    return [part for child in children for part in _parts(child, alone, above, told)]


def conversions(crds: tuple[Schema, Schema]) -> tuple[Conversions, Conversions]:
    """The conversions of Rotation and Fleet."""
    rotation, fleet = crds
    freeze = EnumMap("spec.freeze", "spec.mode", MODES)
    inner = "spec.rotation.spec"
    return (
        Conversions(
            rotation,
            hub="v1",
            spokes=(_complete(rotation, "v1beta1", beta_moves("spec")), _complete(rotation, "v1alpha1", alpha_moves("spec"))),
        ),
        Conversions(
            fleet,
            hub="v1",
            spokes=(
                _complete(fleet, "v1beta1", (freeze, *beta_moves(inner))),
                _complete(fleet, "v1alpha1", (freeze, *alpha_moves(inner))),
            ),
        ),
    )


DEFINITIONS = definitions([gate.name for gate in GATES], ("Command",))
CONVERSIONS = conversions(DEFINITIONS)
