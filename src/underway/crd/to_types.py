"""Python types written from a CustomResourceDefinition: one module of msgspec Structs for one version.

Owns names and order: the same definition gives the same text, types before those that use them. What the schema says beyond
types (bounds, patterns, enums) becomes msgspec.Meta and Literal, so that decoding an object checks it. A field that is absent
is UNSET, and stays absent when the object is written again. Fields that Python
cannot spell get their JSON name beside them.
"""

import keyword
import re
from collections.abc import Mapping
from typing import Any

import msgspec

from underway.errors import UsageError

Schema = Mapping[str, Any]
DEPTH_MAX = 24
_SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
_BOUNDS = {
    "minimum": "ge",
    "maximum": "le",
    "multipleOf": "multiple_of",
    "minLength": "min_length",
    "maxLength": "max_length",
    "minItems": "min_length",
    "maxItems": "max_length",
    "minProperties": "min_length",
    "maxProperties": "max_length",
}
ROOT = ("apiVersion", "kind", "metadata")
# A field of such a name would hide the type from the fields after it.
TYPES = frozenset(("str", "int", "float", "bool", "list", "dict"))
_FROM_MSGSPEC = (("UNSET", "= UNSET"), ("Meta", "Meta("), ("Struct", "Struct"), ("UnsetType", "UnsetType"), ("field", "= field("))
_IMPORTS = ("Annotated", "Any", "Literal")


def module(crd: Mapping[str, Any], version: str = "") -> str:
    """The text of a module for a version ("": the storage version). Raises UsageError."""
    try:
        spec, kind = crd["spec"], crd["spec"]["names"]["kind"]
        chosen = [one for one in spec["versions"] if one["name"] == version or (not version and one.get("storage"))]
        if len(chosen) != 1:
            known = ", ".join(one["name"] for one in spec["versions"])
            raise UsageError(f"{crd['metadata']['name']}: there is no version {version!r}; there are {known}")
        schema = (chosen[0].get("schema") or {}).get("openAPIV3Schema") or {}
        return _Module(kind, f"{spec['group']}/{chosen[0]['name']}", schema).text()
    except (KeyError, TypeError, AttributeError) as error:
        raise UsageError(f"the CustomResourceDefinition cannot be read: {error!r} is missing or of another type") from None


class _Module:
    """One module as it is written."""

    def __init__(self, kind: str, api_version: str, schema: Schema) -> None:
        self._kind, self._api_version, self._schema = kind, api_version, schema
        self._classes: list[str] = []
        self._taken = {kind, *_IMPORTS, *(name for name, _ in _FROM_MSGSPEC)}
        self._used: set[str] = set()

    def text(self) -> str:
        """The module."""
        found = self._schema.get("properties") or {}
        properties = {name: child for name, child in found.items() if name not in ROOT}
        self._used.add("Any")
        fields = [
            f"    api_version: str = {_quoted(self._api_version)}",
            f"    kind: str = {_quoted(self._kind)}",
            "    metadata: dict[str, Any] = {}",
        ]
        fields += self._fields(properties, set(self._schema.get("required") or ()), self._kind, 1)
        about = str(self._schema.get("description") or f"A {self._kind} of {self._api_version}.")
        self._classes.append(_class(self._kind, about, fields))
        classes = "\n\n\n".join(self._classes)
        names = [name for name, mark in _FROM_MSGSPEC if mark in classes]
        head = f'"""{self._kind} of {self._api_version}, written from its CustomResourceDefinition."""'
        imports = ", ".join(name for name in _IMPORTS if name in self._used)
        return f"{head}\n\nfrom typing import {imports}\n\nfrom msgspec import {', '.join(names)}\n\n\n{classes}\n"

    def _fields(self, properties: Mapping[str, Schema], required: set[str], owner: str, depth: int) -> list[str]:
        """The lines of a class: required fields first, as Structs want them."""
        lines = []
        for name in sorted(properties, key=lambda name: name not in required or properties[name].get("default") is not None):
            schema = properties[name]
            type_ = self._type(schema, owner, name, depth)
            default = schema.get("default")
            type_ = f"{type_} | None" if schema.get("nullable") and type_ != "Any" else type_
            if default is not None and isinstance(default, str | int | float | bool):
                lines.append((name, type_, _quoted(default)))
            elif name in required:
                lines.append((name, type_, ""))
            else:
                lines.append((name, f"{type_} | UnsetType" if type_ != "Any" else type_, "UNSET"))
        return [_line(*line) for line in lines]

    def _type(self, schema: Schema, owner: str, name: str, depth: int) -> str:
        if depth > DEPTH_MAX:
            raise UsageError(f"{self._kind}: the schema is nested deeper than {DEPTH_MAX} levels at {name}")
        if schema.get("x-kubernetes-int-or-string"):
            return "int | str"
        enum = schema.get("enum")
        if enum and all(isinstance(value, str | int) and not isinstance(value, bool) for value in enum):
            self._used.add("Literal")
            return f"Literal[{', '.join(map(_quoted, enum))}]"
        match schema.get("type"):
            case "object":
                plain = self._object(schema, owner, name, depth)
            case "array":
                plain = f"list[{self._type(schema.get('items') or {}, owner, _one(name), depth + 1)}]"
            case str(scalar) if scalar in _SCALARS:
                plain = _SCALARS[scalar]
            case _:
                self._used.add("Any")
                return "Any"
        return self._bounded(schema, plain)

    def _object(self, schema: Schema, owner: str, name: str, depth: int) -> str:
        properties = schema.get("properties")
        if not properties:
            values = schema.get("additionalProperties")
            if isinstance(values, Mapping):
                return f"dict[str, {self._type(values, owner, _one(name), depth + 1)}]"
            self._used.add("Any")
            return "dict[str, Any]"
        class_name = self._name(owner, name)
        fields = self._fields(properties, set(schema.get("required") or ()), class_name, depth + 1)
        self._classes.append(_class(class_name, str(schema.get("description") or f"The {name} of a {owner}."), fields))
        return class_name

    def _name(self, owner: str, name: str) -> str:
        """A class name that is not taken: Value, else DeviceInputsValue."""
        plain = re.sub(r"[^A-Za-z0-9]", "", name[:1].upper() + name[1:]) or "Value"
        plain = plain if plain[0].isalpha() else f"Field{plain}"
        for candidate in (f"{self._kind}{plain}", f"{owner}{plain}"):
            if candidate not in self._taken:
                self._taken.add(candidate)
                return candidate
        number = next(count for count in range(2, 10_000) if f"{owner}{plain}{count}" not in self._taken)
        self._taken.add(f"{owner}{plain}{number}")
        return f"{owner}{plain}{number}"

    def _bounded(self, schema: Schema, plain: str) -> str:
        parts = [f"{_BOUNDS[key]}={schema[key]!r}" for key in _BOUNDS if key in schema and not _exclusive(schema, key)]
        parts += [f"{word}={schema[key]!r}" for key, word in (("minimum", "gt"), ("maximum", "lt")) if _exclusive(schema, key)]
        if schema.get("pattern") and plain == "str":
            parts.append(f"pattern={_quoted(schema['pattern'])}")
        if not parts or not (plain in ("str", "int", "float") or plain.startswith(("list[", "dict["))):
            return plain
        self._used.add("Annotated")
        return f"Annotated[{plain}, Meta({', '.join(parts)})]"


def _exclusive(schema: Schema, key: str) -> bool:
    return key in schema and bool(schema.get(f"exclusive{key[0].upper()}{key[1:]}"))


def _class(name: str, about: str, fields: list[str]) -> str:
    text = " ".join(about.split()).replace("\\", "\\\\").replace('"""', "'''")
    text = text if text.endswith((".", "!", "?")) else f"{text}."
    head = f'class {name}(Struct, rename="camel"):\n    """{text}"""\n'
    return head + "\n" + "\n".join(fields or ["    pass"])


def _line(name: str, type_: str, default: str) -> str:
    """A field; with its JSON name where rename="camel" would not give it back."""
    spelled = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", re.sub(r"[^A-Za-z0-9_]", "_", name)).lower()
    spelled = f"_{spelled}" if not spelled[:1].isalpha() else spelled
    spelled = f"{spelled}_" if keyword.iskeyword(spelled) or spelled in TYPES else spelled
    if not spelled.startswith("_") and _camel(spelled) == name:
        return f"    {spelled}: {type_}" + (f" = {default}" if default else "")
    value = f"name={_quoted(name)}" + (f", default={default}" if default else "")
    return f"    {spelled}: {type_} = field({value})"


def _camel(name: str) -> str:
    head, *rest = name.strip("_").split("_")
    return head + "".join(part.title() for part in rest)


def _one(name: str) -> str:
    """What an item of `name` is called."""
    return name[:-1] if name.endswith("s") and len(name) > 2 else name


def _quoted(value: Any) -> str:
    if isinstance(value, str):
        return msgspec.json.encode(value).decode() if value.isprintable() else ascii(value)
    return repr(value)
