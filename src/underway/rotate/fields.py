"""The scalar types of specifications: how each is read from a file, and the rule that a CustomResourceDefinition holds for it.

A field that is declared with one of these is checked in both places, in the same words. A Rule is CEL over the object
that it stands on (KEP-2876), and the same in Python: `rotate.kinds.structural` writes it into the schema, `problems_of` asks it.
"""

import re
from collections.abc import Callable, Iterable
from typing import Annotated, Any, ClassVar, Literal, get_args, get_origin

import msgspec

from underway.model import duration, version
from underway.model.meta import LabelSelector, LabelSelectorRequirement
from underway.rotate import cron

TEXT_MAX = 64  # longer than any duration or version; CEL's cost estimate needs a bound (KEP-2876)
LONG_TEXT_MAX = 1024
LIST_MAX = 64
SELECTOR_MAX = 32
EXPRESSION_MAX = 2048
SHARE_MAX = 10_000  # more machines at once than clusters have nodes
DURATION_MAX = "87600h"  # ten years; a time beyond the calendar's end could not be written down
AGE_MIN = "1h"  # a machine boots and drains in minutes, a rotation takes hours
_HASTY_AGE = f"is less than {AGE_MIN}: new nodes would be out of date before the old ones are gone"
KEY_MAX = 317  # 253 of a prefix, "/", 63 of a name ("Labels and Selectors", syntax)
NAME_MAX = 40  # "underway-NAME" names a Lease; NAME, eight digits of a uid and six of the time a machine, of at most 63
_NAME = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
PERCENT = "(0|[1-9][0-9]{0,2})%"
_PERCENT = re.compile(PERCENT)
PORTION = "(0|[1-9][0-9]?|100)%"
_PORTION = re.compile(PORTION)
_VERSION = re.compile(r"v?[0-9]+\.[0-9]+(\.[0-9]+)?.*")
_URL = "https?://[^@ ]+"
_NO_URL = "is not an http or https URL without credentials"
_LABEL_KEY = r"([a-z0-9]([-a-z0-9]*[a-z0-9])?([.][a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?"
_LABEL_VALUE = "(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?"
_NO_KEY = "is not the key of a label or annotation; write it as team or example.com/owner"
_NO_VALUE = "is not the value of a label; use letters, digits, '-', '_' and '.', a letter or digit at both ends"
VALUE_MAX = 63
OPERATORS = ("In", "NotIn", "Exists", "DoesNotExist")


class Rule(msgspec.Struct, frozen=True):
    """One rule of a schema. rule: CEL over self; message: what is wrong and what would be right.

    holds: the same in Python, over the decoded Struct; None for a scalar's, whose parser says it.
    """

    rule: str
    message: str
    holds: Callable[[Any], bool] | None = None

    @property
    def validation(self) -> dict[str, str]:
        """As an entry of x-kubernetes-validations."""
        return {"rule": self.rule, "message": self.message}


class Spec(msgspec.Struct, frozen=True, rename="camel", forbid_unknown_fields=True, omit_defaults=True):
    """The base of every part of a specification: an unknown field is refused, never ignored.

    rules: what holds between its fields, for the CustomResourceDefinition and for `problems_of`.
    """

    rules: ClassVar[tuple[Rule, ...]] = ()


def share(value: int | str) -> int | str:
    """A count or a percentage, as it is. Raises ValueError."""
    if isinstance(value, int):
        if not 0 <= value <= SHARE_MAX:
            raise ValueError(f"{value} is {'less than 0' if value < 0 else f'more than {SHARE_MAX}'}")
        return value
    if not _PERCENT.fullmatch(value):
        raise ValueError(f"{value!r} is neither a number nor a percentage such as 10%")
    return value


def portion(value: int | str) -> int | str:
    """A count or a percentage of no more than 100, as it is. Raises ValueError."""
    if isinstance(share(value), str) and not _PORTION.fullmatch(str(value)):
        raise ValueError(f"{value!r} is more than 100%")
    return value


def name_problem(name: str) -> str:
    """Why a Rotation or Fleet cannot have this name, or "". Source: RFC 1123 subdomains, as the API server takes them."""
    if not _NAME.fullmatch(name):
        return f"metadata.name: {name!r} is not a name; use lower-case letters, digits, '-' and '.'"
    if len(name) > NAME_MAX:
        return f"metadata.name: must have at most {NAME_MAX} characters: it becomes part of machine names"
    return ""


def is_nothing(value: int | str) -> bool:
    """Whether a share is 0 or 0%."""
    return (value if isinstance(value, int) else int(value[:-1])) == 0


def _version(text: str) -> version.Version:
    if not _VERSION.fullmatch(text):
        raise ValueError(f"{text!r} is not a version; write it as v1.37.2")
    return version.parse(text)


def _count(value: int) -> int:
    if value < 0:
        raise ValueError(f"{value} is less than 0")
    return value


def _http_status(value: int) -> int:
    if not 100 <= value <= 599:
        raise ValueError(f"{value} is not an HTTP status; those are 100 to 599")
    return value


def _matching(pattern: str, complaint: str) -> Callable[[str], str]:
    def parse(text: str) -> str:
        if not re.fullmatch(pattern, text):
            raise ValueError(f"{text!r} {complaint}")
        return text

    return parse


_url = _matching(_URL, _NO_URL)
_label_key = _matching(_LABEL_KEY, _NO_KEY)
_label_value = _matching(_LABEL_VALUE, _NO_VALUE)


def _duration(text: str) -> float:
    length_s = duration.seconds(text)
    if length_s > duration.seconds(DURATION_MAX):
        raise ValueError(f"{text!r} is longer than {DURATION_MAX}")
    return length_s


def _age(text: str) -> float:
    age_s = _duration(text)
    if age_s < duration.seconds(AGE_MIN):
        raise ValueError(f"{text!r} {_HASTY_AGE}")
    return age_s


def _positive(text: str) -> float:
    length_s = _duration(text)
    if not length_s:
        raise ValueError(f"{text!r} is not a duration of more than 0; write it as 90s, 30m or 1h30m")
    return length_s


def _condition(text: str) -> object:
    from underway.rotate.expressions import checked_condition  # late: most Rotations have none

    return checked_condition(text)


def _score(text: str) -> object:
    from underway.rotate.expressions import checked_score  # late: most Rotations have none

    return checked_score(text)


def _gate_condition(text: str) -> object:
    from underway.rotate.expressions import checked_gate  # late: most Rotations have none

    return checked_gate(text)


def _or_empty(parse: Callable[[str], object]) -> Callable[[str], object]:
    return lambda text: parse(text) if text else None


def scalar(parse: Callable[[Any], object], *rules: Rule, **schema: Any) -> msgspec.Meta:
    """A scalar type's annotation. parse: raises ValueError for what is none; rules and schema: for the definition."""
    validations = [rule.validation for rule in rules]
    whole = {**schema, "x-kubernetes-validations": validations} if validations else schema
    return msgspec.Meta(extra_json_schema=whole, extra={"parse": parse})


_A_DURATION = "self.matches('^(0|([0-9]+([.][0-9]+)?(ms|s|m|h))+)$')"
_NO_DURATION = "is not a duration; write it as 90s, 30m or 1h30m"
_NOT_POSITIVE = "is not a duration of more than 0; write it as 90s, 30m or 1h30m"
_NOT_ENDLESS = Rule(f"!{_A_DURATION} || duration(self) <= duration('{DURATION_MAX}')", f"is longer than {DURATION_MAX}")
_A_VERSION = "self.matches('^v?[0-9]+[.][0-9]+([.][0-9]+)?.*$')"


def _duration_type(parse: Callable[[str], object], rule: str, message: str) -> msgspec.Meta:
    return scalar(parse, Rule(rule, message), _NOT_ENDLESS)


_POSITIVE = f"{_A_DURATION} && self.matches('[1-9]')"
Duration = Annotated[str, _duration_type(_duration, _A_DURATION, _NO_DURATION), msgspec.Meta(max_length=TEXT_MAX)]
OptionalDuration = Annotated[
    str,
    _duration_type(_or_empty(_duration), f"self == '' || {_A_DURATION}", _NO_DURATION),
    msgspec.Meta(max_length=TEXT_MAX),
]
PositiveDuration = Annotated[str, _duration_type(_positive, _POSITIVE, _NOT_POSITIVE), msgspec.Meta(max_length=TEXT_MAX)]
OptionalPositiveDuration = Annotated[
    str,
    _duration_type(_or_empty(_positive), f"self == '' || ({_POSITIVE})", _NOT_POSITIVE),
    msgspec.Meta(max_length=TEXT_MAX),
]
OptionalAge = Annotated[
    str,
    scalar(
        _or_empty(_age),
        Rule(f"self == '' || {_A_DURATION}", _NO_DURATION),
        Rule(f"self == '' || !{_A_DURATION} || duration(self) >= duration('{AGE_MIN}')", _HASTY_AGE),
        _NOT_ENDLESS,
    ),
    msgspec.Meta(max_length=TEXT_MAX),
]
OptionalVersion = Annotated[
    str,
    scalar(_or_empty(_version), Rule(f"self == '' || {_A_VERSION}", "is not a version; write it as v1.37.2")),
    msgspec.Meta(max_length=TEXT_MAX),
]
OptionalUrl = Annotated[
    str,
    scalar(_or_empty(_url), Rule(f"self == '' || self.matches('^{_URL}$')", _NO_URL)),
    msgspec.Meta(max_length=LONG_TEXT_MAX),
]
LongText = Annotated[str, msgspec.Meta(max_length=LONG_TEXT_MAX)]
LabelKey = Annotated[
    str,
    scalar(_label_key, Rule(f"self.matches('^{_LABEL_KEY}$')", _NO_KEY)),
    msgspec.Meta(max_length=KEY_MAX),
]
# Patterns, not rules: selectors stand in so many places that rules about each of their words would cost too much.
LabelPattern = Annotated[str, scalar(_label_key, pattern=f"^{_LABEL_KEY}$"), msgspec.Meta(max_length=KEY_MAX)]
LabelValue = Annotated[str, scalar(_label_value, pattern=f"^{_LABEL_VALUE}$"), msgspec.Meta(max_length=VALUE_MAX)]
OwnerName = Annotated[str, msgspec.Meta(max_length=TEXT_MAX)]
Schedule = Annotated[
    str,
    scalar(
        cron.checked_schedule,
        Rule(
            "self.matches('^[-0-9a-zA-Z*,/#]+( +[-0-9a-zA-Z*,/#]+){4}$')",
            f"is not a schedule of five fields; write it as {cron.EXAMPLE}",
        ),
    ),
    msgspec.Meta(max_length=TEXT_MAX),
]
TimeZone = Annotated[
    str,
    scalar(
        cron.zone,
        Rule(
            "self.matches('^[A-Za-z][-A-Za-z0-9_+]*(/[-A-Za-z0-9_+]+)*$')",
            "is not a time zone; use a name of the IANA database, such as Asia/Tokyo or UTC",
        ),
    ),
    msgspec.Meta(max_length=TEXT_MAX),
]
Count = Annotated[int, scalar(_count, minimum=0, format="int32")]
# A pattern, not a rule: the API server takes an int-or-string for as long as a whole request when it estimates a rule's cost.
Share = Annotated[int | str, scalar(share, pattern=f"^{PERCENT}$", minimum=0, maximum=SHARE_MAX)]
Portion = Annotated[int | str, scalar(portion, pattern=f"^{PORTION}$", minimum=0, maximum=SHARE_MAX)]
HttpStatus = Annotated[int, scalar(_http_status, minimum=100, maximum=599, format="int32")]
FilledText = Annotated[str, msgspec.Meta(min_length=1, max_length=TEXT_MAX, extra_json_schema={"minLength": 1})]


# No rule: the API server cannot compile an expression inside of one. Who reads the Rotation does.
OptionalCondition = Annotated[str, scalar(_or_empty(_condition)), msgspec.Meta(max_length=EXPRESSION_MAX)]
OptionalGateCondition = Annotated[str, scalar(_or_empty(_gate_condition)), msgspec.Meta(max_length=EXPRESSION_MAX)]
OptionalScore = Annotated[str, scalar(_or_empty(_score)), msgspec.Meta(max_length=EXPRESSION_MAX)]


RUNGS = ("NotifyOwner", "Quarantine", "Freeze", "DeadlineDelete")
NO_LADDER = f"is not a ladder; name rungs of {', '.join(RUNGS)} in this order, and Freeze or DeadlineDelete, not both"


def _ladder(rungs: tuple[str, ...]) -> tuple[str, ...]:
    if rungs != tuple(rung for rung in RUNGS if rung in rungs) or {"Freeze", "DeadlineDelete"} <= set(rungs):
        raise ValueError(f"[{', '.join(rungs)}] {NO_LADDER}")
    return rungs


_RUNGS = ", ".join(f"'{rung}'" for rung in RUNGS)
Ladder = Annotated[
    tuple[Literal["NotifyOwner", "Quarantine", "Freeze", "DeadlineDelete"], ...],
    scalar(
        _ladder,
        Rule(
            f"self == [{_RUNGS}].filter(rung, rung in self) && !('Freeze' in self && 'DeadlineDelete' in self)",
            NO_LADDER,
        ),
    ),
    msgspec.Meta(max_length=len(RUNGS) - 1),
]


class Requirement(LabelSelectorRequirement, frozen=True, forbid_unknown_fields=True):
    """One matchExpressions entry of a selector that a person writes."""

    key: LabelPattern
    operator: Annotated[str, msgspec.Meta(extra_json_schema={"enum": list(OPERATORS)})]
    values: tuple[LabelValue, ...] = ()


class Selector(LabelSelector, frozen=True, forbid_unknown_fields=True):
    """A label selector that a person writes: a misspelt field would select everything, so it is refused."""

    match_labels: Annotated[dict[str, LabelValue], msgspec.Meta(max_length=SELECTOR_MAX)] = {}
    match_expressions: Annotated[tuple[Requirement, ...], msgspec.Meta(max_length=SELECTOR_MAX)] = ()


def _values_fit(requirement: Requirement) -> bool:
    return requirement.operator not in OPERATORS or (requirement.operator in ("In", "NotIn")) == bool(requirement.values)


SELECTOR_RULES: dict[type[msgspec.Struct], tuple[Rule, ...]] = {
    Requirement: (
        Rule(
            "self.operator in ['In', 'NotIn'] ? has(self.values) && size(self.values) > 0 : !has(self.values)"
            " || size(self.values) == 0",
            "In and NotIn need values; Exists and DoesNotExist take none",
            _values_fit,
        ),
    ),
    Selector: (
        Rule(
            f"!has(self.matchLabels) || self.matchLabels.all(key, key.matches('^{_LABEL_KEY}$'))",
            "matchLabels has a key that is none of a label; write it as team or example.com/owner",
            lambda self: all(re.fullmatch(_LABEL_KEY, key) for key in self.match_labels),
        ),
    ),
}
"""Rules of Structs that are not `Spec`s."""


def rules_of(struct: type[msgspec.Struct]) -> tuple[Rule, ...]:
    """What holds between the fields of a Struct."""
    return (*getattr(struct, "rules", ()), *SELECTOR_RULES.get(struct, ()))


def problems_of(value: Any, path: str) -> Iterable[str]:
    """What a specification holds that cannot be read or contradicts itself, each with its path.

    What stands between the fields of an object is asked only where each of them can be read.
    """
    if isinstance(value, msgspec.Struct):
        found = [problem for field in msgspec.structs.fields(value) for problem in _field_problems(value, field, path)]
        yield from found
        if not found:
            yield from (f"{path}: {rule.message}" for rule in rules_of(type(value)) if rule.holds and not rule.holds(value))
    elif isinstance(value, tuple):
        for index, child in enumerate(value):
            yield from problems_of(child, f"{path}[{index}]")


def _field_problems(value: msgspec.Struct, field: msgspec.structs.FieldInfo, path: str) -> Iterable[str]:
    child, at = getattr(value, field.name), f"{path}.{field.encode_name}"
    parse, each = parser_of(field.type), parser_of(_element(field.type))
    if isinstance(value, Requirement) and field.name == "operator" and child not in OPERATORS:
        yield f"{at}: {child!r} is not an operator; use {', '.join(OPERATORS)}"
    elif parse is not None:
        yield from _parsed(at, child, parse)
    elif each is not None:
        for index, one in child.items() if isinstance(child, dict) else enumerate(child):
            yield from _parsed(f"{at}[{index}]", one, each)
    else:
        yield from problems_of(child, at)


def metas_of(annotation: Any) -> tuple[msgspec.Meta, ...]:
    """The Metas of an annotation."""
    if get_origin(annotation) is not Annotated:
        return ()
    return tuple(meta for meta in get_args(annotation)[1:] if isinstance(meta, msgspec.Meta))


def parser_of(annotation: Any) -> Callable[[Any], object] | None:
    """What reads a field's scalar, None where its type says all."""
    return next((meta.extra["parse"] for meta in metas_of(annotation) if meta.extra), None)


def _element(annotation: Any) -> Any:
    """The annotation of a tuple's elements or a dict's values, None for what is neither."""
    plain = get_args(annotation)[0] if get_origin(annotation) is Annotated else annotation
    place = {tuple: 0, dict: 1}.get(get_origin(plain))
    return get_args(plain)[place] if place is not None else None


def _parsed(path: str, value: Any, parse: Callable[[Any], object]) -> Iterable[str]:
    try:
        parse(value)
    except ValueError as error:
        yield f"{path}: {error}"
