"""Every open point of a semantics read otherwise, one at a time: does the verdict hang on it?

A specification that leaves a point open lets one data plane read it so and the next one so. A proof that holds for every reading
survives a change of the implementation.
"""

from collections.abc import Iterable, Iterator
from typing import Any, Literal, get_args, get_origin

import msgspec

from underway.ingress.equivalence.verdict import Proof

NO_READING = ("services_complete",)  # what is known of the files, not how they are read


def other_readings(usual: Any) -> Iterator[tuple[str, Any]]:
    """The parameters with one of them changed, and what was changed, as --assume has it. usual: the parameters of a semantics."""
    for field in msgspec.structs.fields(usual):
        for value in () if field.name in NO_READING else _values(field.type):
            if value != getattr(usual, field.name):
                said = str(value).lower() if isinstance(value, bool) else value
                yield f"{field.name.replace('_', '-')}={said}", msgspec.structs.replace(usual, **{field.name: value})


def shown_readings(usual: Proof, proofs: Iterable[tuple[str, Proof]]) -> list[dict[str, Any]]:
    """The verdicts of other readings as data: what was assumed, and the first host that is judged otherwise than usually.

    proofs: assumption and proof.
    """
    before = {one.host: one.verdict for one in usual.hosts}
    shown = []
    for text, proof in proofs:
        first = next((one for one in proof.hosts if one.verdict is not before.get(one.host)), None)
        difference = first.difference if first else None
        shown.append(
            {
                "assume": text,
                "verdict": proof.verdict.value,
                "host": first.host if first else "",
                "reason": first.reason if first else "",
                "request": f"{difference.request.method} {difference.request.url}" if difference else "",
            }
        )
    return shown


def _values(type_: Any) -> tuple[Any, ...]:
    if type_ is bool:
        return (True, False)
    return get_args(type_) if get_origin(type_) is Literal else ()
