"""Conversion between the versions of a custom resource: a hub, spokes, and the moves between them.

Versions are declared once, in the CustomResourceDefinition; `Conversions` adds which of them is the hub and what differs in
each spoke, as a tuple of typed moves that work in both directions. What one side cannot hold is kept in an annotation and
comes back unless somebody has changed the field meanwhile (`conversion.kept`). It does not know how a ConversionReview
looks (`crd.review`) nor how one travels (`underway.web`). Source: "Versions in CustomResourceDefinitions";
apiextensions-apiserver pkg/apiserver/conversion.
"""

from underway.crd.conversion.codecs import (
    BOOLEAN_TEXT,
    INT32_TEXT,
    INT64_TEXT,
    PERCENT,
    SECONDS,
    TEXT,
    Codec,
    scaled,
)
from underway.crd.conversion.lists import Each, Member, Union, Wrap
from underway.crd.conversion.moves import Constant, EnumMap, Function, Keep, Move, Relocate, Rename, Split, Unit
from underway.crd.conversion.outcome import Converted, Unconvertible
from underway.crd.conversion.unconverted import SameSchema, same_schema
from underway.crd.conversion.versions import Conversions, Spoke

__all__ = [
    "BOOLEAN_TEXT",
    "INT32_TEXT",
    "INT64_TEXT",
    "PERCENT",
    "SECONDS",
    "TEXT",
    "Codec",
    "Constant",
    "Conversions",
    "Converted",
    "Each",
    "EnumMap",
    "Function",
    "Keep",
    "Member",
    "Move",
    "Relocate",
    "Rename",
    "SameSchema",
    "Split",
    "Spoke",
    "Unconvertible",
    "Union",
    "Unit",
    "Wrap",
    "same_schema",
    "scaled",
]
