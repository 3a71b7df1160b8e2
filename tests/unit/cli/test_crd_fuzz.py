"""`underway crd fuzz` and its pytest fixture, as a user calls them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

KOT = Path(__file__).resolve().parents[3] / "examples" / "kot" / "conversions.py"
LOSSY = """\
from underway.crd.conversion import Conversions, Function, Spoke

def version(name, properties):
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}
    return {"name": name, "served": True, "storage": name == "v1", "schema": {"openAPIV3Schema": schema}}

CRD = {
    "kind": "CustomResourceDefinition",
    "metadata": {"name": "things.tests.underway.dev"},
    "spec": {
        "group": "tests.underway.dev",
        "names": {"kind": "Thing"},
        "versions": [version("v1alpha1", {"size": {"type": "string"}}), version("v1", {"size": {"type": "integer"}})],
    },
}

def number(text):
    return int(text) if text.isdigit() and text.isascii() else 0

LOSSY = Conversions(CRD, hub="v1", spokes=(Spoke("v1alpha1", (Function("spec.size", number, str),)),), keep=False)
"""
TEST = """\
from lossy import LOSSY

def test_conversions(fuzz_conversions):
    fuzz_conversions(LOSSY)
"""


def run(*arguments: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=False)


def fuzz(*arguments: str, cwd: Path | None = None) -> "subprocess.CompletedProcess[str]":
    return run("-m", "underway", "crd", "fuzz", *arguments, cwd=cwd)


@pytest.fixture
def lossy(tmp_path: Path) -> Path:
    (tmp_path / "lossy.py").write_text(LOSSY)
    return tmp_path


def test_no_counterexample_is_exit_0() -> None:
    done = fuzz(f"{KOT}:CONVERSIONS", "--rounds", "500", "--processes", "1", "-o", "json")
    assert done.returncode == 0
    outcome = json.loads(done.stdout)
    assert (outcome["rounds"], outcome["seed"], outcome["counterexamples"]) == (500, 1, [])
    assert outcome["name"] == "devices.things.underway.dev"


def test_counterexamples_are_exit_1_and_yaml_that_can_be_applied(lossy: Path) -> None:
    done = fuzz("lossy.py:LOSSY", "--rounds", "300", cwd=lossy)
    assert done.returncode == 1
    objects: list[Any] = [value for value in yaml.safe_load_all(done.stdout) if value]
    assert objects[0]["kind"] == "Thing"
    assert "# spoke-hub-spoke: v1alpha1 -> v1 -> v1alpha1" in done.stdout
    assert "# things.tests.underway.dev: " in done.stdout.splitlines()[-1]


def test_any_number_of_processes_finds_the_same(lossy: Path) -> None:
    arguments = ("lossy:LOSSY", "--rounds", "26000", "--seed", "5", "-o", "json")
    one, two = (json.loads(fuzz(*arguments, "--processes", number, cwd=lossy).stdout) for number in ("1", "2"))
    assert one | {"seconds": 0} == two | {"seconds": 0}
    assert one["counterexamples"]


def test_a_broken_module_is_exit_2(lossy: Path) -> None:
    done = fuzz("nowhere:CONVERSIONS", "--rounds", "1", cwd=lossy)
    assert done.returncode == 2
    assert "nowhere cannot be imported: ModuleNotFoundError" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_pytest_fixture_fails_with_the_counterexamples(lossy: Path) -> None:
    (lossy / "test_lossy.py").write_text(TEST)
    done = run("-m", "pytest", "-q", "-p", "no:cacheprovider", "--fuzz-rounds", "200", "--rootdir", ".", cwd=lossy)
    assert done.returncode == 1
    assert "things.tests.underway.dev: " in done.stdout
    assert "# spoke-hub-spoke: v1alpha1 -> v1 -> v1alpha1" in done.stdout
    assert "kind: Thing" in done.stdout
