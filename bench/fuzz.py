"""Fuzz rounds a second: the tutorial's Device, and one value of it, with two processes."""

import tempfile
from pathlib import Path

from bench.table import show
from underway.cli.crd import fuzzing

ROOT = Path(__file__).resolve().parents[1]
ROUNDS = 200_000
ONE = """
import sys
sys.path.insert(0, {folder!r})
from conversions import CONVERSIONS, VALUE
from underway.crd.conversion import Conversions, Relocate, Spoke, Union
import copy
CRD = copy.deepcopy(dict(CONVERSIONS.crd))
for version in CRD["spec"]["versions"]:
    properties = version["schema"]["openAPIV3Schema"]["properties"]
    item = properties["spec"]["properties"]["inputs"]["items"]["properties"]
    version["schema"]["openAPIV3Schema"]["properties"] = {{key: child for key, child in item.items() if key != "name"}}
ONE = Conversions(CRD, hub="v1", spokes=(Spoke("v1alpha1", (VALUE,)),))
"""


def run() -> None:
    """Print the table."""
    folder = ROOT / "examples" / "kot"
    rows = []
    with tempfile.TemporaryDirectory() as directory:
        one = Path(directory) / "one.py"
        one.write_text(ONE.format(folder=str(folder)))
        for name, spec in (("Device, two lists", f"{folder / 'conversions.py'}:CONVERSIONS"), ("one value", f"{one}:ONE")):
            outcome = fuzzing.run(spec, 0, ROUNDS, 1, 2, lambda _: None)
            rate = ROUNDS / outcome.seconds
            rows.append((name, f"{ROUNDS:,}", f"{rate:,.0f}", f"{1_000_000 / rate:.0f}", len(outcome.counterexamples)))
    show("crd fuzz, 2 processes", ("kind", "rounds", "rounds/s", "s for 1,000,000", "found"), rows)
