"""Devices in two versions: what differs, declared once for both directions.

cd examples/kot
underway crd convert --crd devices.yaml --with conversions.py:CONVERSIONS --to v1 -f pump.yaml
"""

from pathlib import Path

import yaml

from underway.crd.conversion import BOOLEAN_TEXT, INT32_TEXT, Conversions, Each, Member, Spoke, Union

VALUE = Union(
    "type",
    "value",
    {"Float": Member("float"), "Boolean": Member("boolean", BOOLEAN_TEXT), "Integer": Member("integer", INT32_TEXT)},
)

CONVERSIONS = Conversions(
    yaml.safe_load(Path(__file__).with_name("devices.yaml").read_text()),
    hub="v1",
    spokes=(
        Spoke(
            "v1alpha1",
            moves=(Each("spec.inputs", VALUE, key="name"), Each("status.outputs", VALUE, key="name")),
        ),
    ),
)
