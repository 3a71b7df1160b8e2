"""`underway crd from-types` and `underway crd types`, as a user calls them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

KOT = Path(__file__).resolve().parents[3] / "examples" / "kot"


def crd(*arguments: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, "-m", "underway", "crd", *arguments], capture_output=True, text=True, check=False)


def plain(value: Any) -> Any:
    """Without descriptions."""
    if isinstance(value, dict):
        return {key: plain(child) for key, child in value.items() if key != "description"}
    return [plain(child) for child in value] if isinstance(value, list) else value


def test_the_tutorials_types_draw_the_tutorials_definition() -> None:
    done = crd("from-types", f"{KOT / 'types_v1.py'}:DEVICES")
    assert done.returncode == 0, done.stderr
    (drawn,) = yaml.safe_load(done.stdout)["spec"]["versions"]
    written = yaml.safe_load((KOT / "devices.yaml").read_text())["spec"]["versions"][0]
    root = drawn["schema"]["openAPIV3Schema"]["properties"]
    drawn["schema"]["openAPIV3Schema"]["properties"] = {name: root[name] for name in ("spec", "status")}
    assert plain(drawn) == written
    assert crd("from-types", f"{KOT / 'types_v1.py'}:DEVICES").stdout == done.stdout
    assert (
        json.loads(crd("from-types", f"{KOT / 'types_v1.py'}:DEVICES", "-o", "json").stdout)["kind"] == "CustomResourceDefinition"
    )


def test_types_are_printed_as_a_module() -> None:
    done = crd("types", "-f", str(KOT / "devices.yaml"), "--version", "v1alpha1")
    assert done.returncode == 0
    assert "class Device(Struct" in done.stdout
    compile(done.stdout, "printed.py", "exec")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("from-types", "json:dumps"), "json:dumps is function; what underway.crd.from_types.definition() returns is wanted"),
        (("types", "-f", str(KOT / "devices.yaml"), "--version", "v9"), "there is no version 'v9'; there are v1, v1alpha1"),
    ],
)
def test_what_cannot_be_drawn_is_exit_2(arguments: tuple[str, ...], message: str) -> None:
    done = crd(*arguments)
    assert done.returncode == 2
    assert message in done.stderr
