"""`underway crd convert`, as a user calls it."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

KOT = Path(__file__).resolve().parents[3] / "examples" / "kot"
WITH = ("--crd", str(KOT / "devices.yaml"), "--with", f"{KOT / 'conversions.py'}:CONVERSIONS")


def underway(*arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "underway", "crd", "convert", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False)


def test_an_object_goes_there_and_back() -> None:
    there = underway(*WITH, "--to", "v1", "-f", str(KOT / "pump.yaml"))
    assert there.returncode == 0
    assert "Device deck-3/pump: v1 cannot hold spec.inputs[serial].value: kept in its annotation" in there.stderr
    back = underway(*WITH, "--to", "v1alpha1", "-f", "-", stdin=there.stdout)
    assert yaml.safe_load(back.stdout) == yaml.safe_load((KOT / "pump.yaml").read_text())
    assert back.stderr == ""


def test_an_object_is_read_with_the_defaults_of_its_own_version_and_pruned() -> None:
    pump = yaml.safe_load((KOT / "pump.yaml").read_text())
    pump["spec"] = {"inputs": [{"name": "untyped", "value": "1.5"}], "colour": "red"}
    done = underway(*WITH, "--to", "v1", "-f", "-", stdin=yaml.safe_dump(pump))
    assert yaml.safe_load(done.stdout)["spec"] == {"inputs": [{"name": "untyped", "float": "1.5"}]}
    assert done.stderr == "Device deck-3/pump: v1alpha1 does not have spec.colour: pruned\n"


def test_lists_and_several_documents_keep_their_shape() -> None:
    pump = yaml.safe_load((KOT / "pump.yaml").read_text())
    listed = {"apiVersion": "v1", "kind": "List", "metadata": {}, "items": [pump, pump]}
    own = {"apiVersion": pump["apiVersion"], "kind": "DeviceList", "metadata": {}, "items": [pump]}
    done = underway(*WITH, "--to", "v1", "-f", "-", "-o", "json", stdin="\n---\n".join(map(json.dumps, (listed, own, pump))))
    decoder, text, found = json.JSONDecoder(), done.stdout, []
    while text.strip():
        value, end = decoder.raw_decode(text.lstrip())
        found.append(value)
        text = text.lstrip()[end:]
    assert [value["kind"] for value in found] == ["List", "DeviceList", "Device"]
    assert [value["apiVersion"] for value in found] == ["v1", "things.underway.dev/v1", "things.underway.dev/v1"]
    assert [len(value.get("items", [])) for value in found] == [2, 1, 0]
    assert {item["apiVersion"] for item in found[0]["items"]} == {"things.underway.dev/v1"}


def test_what_cannot_be_converted_is_named_and_the_rest_is_printed(tmp_path: Path) -> None:
    pump = (KOT / "pump.yaml").read_text()
    (tmp_path / "two.yaml").write_text(f"{pump}\n---\n{pump.replace('/v1alpha1', '/v7').replace('name: pump', 'name: odd')}")
    done = underway(*WITH, "--to", "v1", "-f", str(tmp_path / "two.yaml"))
    assert done.returncode == 4
    assert (
        "Device deck-3/odd: apiVersion: apiVersion is 'things.underway.dev/v7'; Device has things.underway.dev/v1" in done.stderr
    )
    assert len(list(yaml.safe_load_all(done.stdout))) == 1
    alone = underway(*WITH, "--to", "v7", "-f", str(KOT / "pump.yaml"))
    assert (alone.returncode, alone.stdout) == (1, "")
    assert "there is no version 'v7' of Device; there are v1, v1alpha1" in alone.stderr


def test_strategy_none_writes_the_version_alone(tmp_path: Path) -> None:
    crd = yaml.safe_load((KOT / "devices.yaml").read_text())
    crd["spec"]["conversion"] = {"strategy": "None"}
    (tmp_path / "crd.yaml").write_text(yaml.safe_dump(crd))
    done = underway("--crd", str(tmp_path / "crd.yaml"), "--to", "v1", "-f", str(KOT / "pump.yaml"))
    assert done.returncode == 0
    assert yaml.safe_load(done.stdout)["apiVersion"] == "things.underway.dev/v1"


def test_a_file_or_the_cluster_is_wanted() -> None:
    done = underway(*WITH, "--to", "v1")
    assert done.returncode == 2
    assert "give the objects with -f FILE, or --live for those of the cluster" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "give the definition with --crd, or the conversions with --with MODULE:CONVERSIONS, or both"),
        (
            ("--crd", str(KOT / "devices.yaml")),
            "devices.things.underway.dev: its conversion strategy is Webhook: name the",
        ),
        (("--crd", str(KOT / "pump.yaml")), "pump.yaml: holds 0 CustomResourceDefinitions; one is wanted"),
        (("--with", "nowhere.py:C"), "nowhere.py: there is no such file"),
        (("--crd", "/nonexistent"), "/nonexistent: cannot be read: No such file or directory"),
    ],
)
def test_what_is_missing_is_told(arguments: tuple[str, ...], message: str) -> None:
    done = underway(*arguments, "--to", "v1", "-f", str(KOT / "pump.yaml"))
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1\n", "-:2: did not find expected ',' or ']'"),
        ("", "-: holds no object"),
        ("- 1", "-: document 1 is no object, but list"),
    ],
)
def test_unreadable_objects_are_told_with_line(text: str, message: str) -> None:
    done = underway(*WITH, "--to", "v1", "-f", "-", stdin=text)
    assert done.returncode == 2
    assert message in done.stderr
