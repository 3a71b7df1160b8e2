"""What the user asks of one health gate: its part of a Rotation, and which field belongs to which gate.

Owns the shape and its contradictions. How a gate judges is `rotate.gates`'s.
"""

from typing import Annotated, ClassVar, Literal

import msgspec

from underway.rotate.fields import (
    LIST_MAX,
    HttpStatus,
    LongText,
    OptionalDuration,
    OptionalGateCondition,
    OptionalPositiveDuration,
    OptionalUrl,
    Rule,
    Spec,
)

NEEDS: dict[str, tuple[str, ...]] = {
    "prometheus": ("prometheus", "query"),
    "ingress-latency": ("prometheus",),
    "http": ("url",),
    "command": ("command",),
    "expression": ("expression",),
}
"""What a gate cannot do without, by its name."""

ASKED_BY: dict[str, tuple[str, ...]] = {
    "prometheus": ("api-server", "ingress-latency", "prometheus"),
    "query": ("prometheus",),
    "url": ("http",),
    "command": ("command",),
    "expression": ("expression",),
    "histogram": ("ingress-latency",),
    "requests": ("ingress-latency",),
    "match": ("ingress-latency",),
}
"""Which gates read a field; on any other it would be overlooked."""


def _needs(gate: str, fields: tuple[str, ...]) -> Rule:
    given = " && ".join(f"has(self.{field}) && size(self.{field}) > 0" for field in fields)
    return Rule(
        f"self.gate != '{gate}' || ({given})",
        f"gate {gate} needs {' and '.join(fields)}",
        lambda self: self.gate != gate or all(getattr(self, field) for field in fields),
    )


def _asked_by(field: str, gates: tuple[str, ...]) -> Rule:
    return Rule(
        f"!has(self.{field}) || size(self.{field}) == 0 || self.gate in {list(gates)}",
        f"{field} is asked for by {' and '.join(gates)} alone",
        lambda self: not getattr(self, field) or self.gate in gates,
    )


class GateSpec(Spec, frozen=True):
    """One health gate. for: how long a breach must last; recovery: how long it must be well again; threshold: the gate's unit.

    interval: how often it is asked, for gates that ask outside of the cluster: prometheus (the server's URL) and query; url and
    expect (an HTTP status); command; expression (CEL over the whole picture); histogram, requests and match (of ingress-latency).
    """

    rules: ClassVar[tuple[Rule, ...]] = (
        *(_needs(gate, fields) for gate, fields in NEEDS.items()),
        *(_asked_by(field, gates) for field, gates in ASKED_BY.items()),
        Rule(
            "!has(self.threshold) || self.threshold >= 0.0 || self.gate == 'prometheus'",
            "threshold is less than 0, which only a query of gate prometheus can measure",
            lambda self: self.threshold is None or self.threshold >= 0 or self.gate == "prometheus",
        ),
    )
    gate: str
    on_breach: Literal["Wait", "Freeze"] = "Wait"
    for_: OptionalDuration = msgspec.field(name="for", default="")
    recovery: OptionalDuration = ""
    threshold: float | None = None
    interval: OptionalPositiveDuration = ""
    prometheus: OptionalUrl = ""
    query: LongText = ""
    url: OptionalUrl = ""
    expect: HttpStatus = 200
    command: Annotated[tuple[LongText, ...], msgspec.Meta(max_length=LIST_MAX)] = ()
    histogram: LongText = ""
    requests: LongText = ""
    match: LongText = ""
    expression: OptionalGateCondition = ""
