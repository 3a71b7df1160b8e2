"""`underway crd lint`, as a user calls it."""

import json
import subprocess
import sys
from pathlib import Path

import yaml

from unit.crd.versions import STRING, crd

KOT = Path(__file__).resolve().parents[3] / "examples" / "kot"


def lint(*arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "underway", "crd", "lint", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)


BAD = yaml.safe_dump(crd("v1", v1={"m": STRING}, v2={"m": {**STRING, "default": "x"}}))


def test_findings_are_exit_1_and_say_what_to_do() -> None:
    done = lint("-f", "-", stdin=BAD)
    assert done.returncode == 1
    assert 'things.tests.underway.dev v2 spec.m: the default "x" is missing in the storage version v1' in done.stdout
    assert "give the field the same default in the storage version" in done.stdout
    assert lint("-f", "-", "--fail-on", "none", stdin=BAD).returncode == 0


def test_findings_as_data() -> None:
    (one,) = json.loads(lint("-f", "-", "-o", "json", stdin=BAD).stdout)["findings"]
    assert (one["name"], one["rule"], one["severity"]) == ("things.tests.underway.dev", "default-outside-storage", "error")


def test_a_clean_definition_with_its_conversions_is_exit_0() -> None:
    done = lint("-f", str(KOT / "devices.yaml"), "--with", f"{KOT / 'conversions.py'}:CONVERSIONS")
    assert (done.returncode, done.stdout) == (0, "1 definition, 0 findings\n")


def test_what_holds_no_definition_is_exit_2() -> None:
    done = lint("-f", str(KOT / "pump.yaml"))
    assert done.returncode == 2
    assert "pump.yaml: holds no CustomResourceDefinition" in done.stderr
