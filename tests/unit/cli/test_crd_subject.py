"""`underway crd check`, `prune`, `default` and `validate`, as a user calls them: input from files, streams and a cluster."""

import io
import json
import sys
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

import pytest
import yaml

from pages import ROOT
from underway.cli.main import main
from underway.kube.resource import NAMESPACES, Resource
from underway.sim.apiserver.catalogue import CUSTOM_RESOURCE_DEFINITIONS
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.store import Store

FOLDER = ROOT / "examples" / "crd"
CRD = str(FOLDER / "pumps.yaml")
PUMP = "apiVersion: deck.example.com/v1\nkind: Pump\nmetadata: {name: bilge}\n"
PUMPS = Resource("deck.example.com", "v1", "pumps", "Pump")


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str


def crd(*arguments: str) -> Done:
    out, err = io.StringIO(), io.StringIO()
    with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
        main(["crd", *arguments])
    return Done(int(ended.value.code or 0), out.getvalue(), err.getvalue())


def on(text: str, tmp_path: Path, command: str = "validate", *more: str) -> Done:
    """A command over an object in a file."""
    path = tmp_path / "object.yaml"
    path.write_text(text)
    done = crd(command, "--crd", CRD, "-f", str(path), *more)
    return Done(done.code, done.out, done.err.replace(f"{tmp_path}/", ""))


class TestBadInput:
    @pytest.mark.parametrize(
        ("text", "sentence"),
        [
            ("", "object.yaml: holds no object"),
            ("a: 1\nb: 2\na: 3\n", "object.yaml:3: key 'a' stands twice"),
            ('{"a": ', "object.yaml:2: did not find expected node content"),
            ("- a\n- b\n", "object.yaml: document 1 is no object, but list"),
            ("a: &a {b: *a}\n", "object.yaml:1: an alias refers to what it stands in; no object can hold itself"),
            (PUMP.replace("/v1", "/v2"), "object.yaml: Pump bilge says apiVersion 'deck.example.com/v2', kind 'Pump'; the"),
            (PUMP.replace("Pump", "Valve"), "the definition is of Pump in deck.example.com/v1"),
            ("a: " + "[" * 130 + "]" * 130, "object.yaml: nested more than 120 levels deep"),
            ("a: " + "{b: " * 3000 + "1" + "}" * 3000, "object.yaml:1: nested too deeply to be read"),
            (
                "a: &a [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n"
                + "".join(
                    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdef", "bcdefg", strict=True)
                ),
                "object.yaml: more than 2,000,000 values, aliases counted as often as they stand",
            ),
        ],
    )
    def test_what_is_no_object_is_refused_with_file_and_line(self, text: str, sentence: str, tmp_path: Path) -> None:
        done = on(text, tmp_path)
        assert sentence in done.err
        assert (done.code, done.out) == (2, "")

    @pytest.mark.parametrize(
        ("arguments", "sentence"),
        [
            (["--crd", CRD], "give objects with -f FILE, or take them from the cluster with --live CRD-NAME"),
            (["-f", "-"], "give the definition of these objects with --crd FILE"),
            (["--crd", "nowhere.yaml", "-f", "-"], "nowhere.yaml: cannot be read: No such file or directory"),
            (["--crd", str(FOLDER / "pump.yaml"), "-f", "-"], "holds 0 CustomResourceDefinitions; one is wanted"),
            (["--crd", CRD, "--version", "v9", "-f", str(FOLDER / "pump.yaml")], "Pump has no version v9; it has v1"),
            (
                ["--crd", str(FOLDER / "pumps-bad.yaml"), "-f", str(FOLDER / "pump.yaml")],
                "is no definition that the API server takes: spec.validation.openAPIV3Schema.properties[spec]",
            ),
        ],
    )
    def test_what_cannot_be_meant_is_said(self, arguments: list[str], sentence: str) -> None:
        done = crd("validate", *arguments)
        assert sentence in done.err
        assert (done.code, done.out) == (2, "")

    def test_malformed_metadata_is_the_servers_400(self, tmp_path: Path) -> None:
        done = on(PUMP.replace("{name: bilge}", "{name: bilge, labels: {a: 1}}"), tmp_path, "default")
        assert "Go struct field ObjectMeta.labels of type string" in done.err
        assert (done.code, done.out) == (1, "")

    def test_a_file_without_a_definition_is_nothing_to_check(self) -> None:
        done = crd("check", "-f", str(FOLDER / "pump.yaml"))
        assert (done.code, done.out) == (2, "")
        assert done.err.endswith("pump.yaml: holds no CustomResourceDefinition\n")


class TestOutput:
    def test_objects_are_read_from_standard_input_lists_and_documents(self, monkeypatch: pytest.MonkeyPatch) -> None:
        one = PUMP + "spec: {valves: []}\n"
        listed = yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [yaml.safe_load(one)] * 2})
        stream = io.TextIOWrapper(io.BytesIO(f"{one}---\n{listed}".encode()))
        monkeypatch.setattr(sys, "stdin", stream)
        done = crd("validate", "--crd", CRD, "-f", "-", "-o", "json")
        assert [verdict["valid"] for verdict in json.loads(done.out)["objects"]] == [True, True, True]
        assert done.code == 0

    def test_numbers_are_those_that_the_server_writes(self, tmp_path: Path) -> None:
        done = on(PUMP + "spec: {valves: [], pressure: 3.0}\n", tmp_path, "default", "-o", "json")
        assert '"pressure": 3,' in done.out

    def test_an_update_has_one_predecessor(self, tmp_path: Path) -> None:
        done = on(f"{PUMP}---\n{PUMP}", tmp_path, "validate", "--old", str(FOLDER / "pump-old.yaml"))
        assert done.err == "underway: object.yaml: holds several objects; --old is the predecessor of one\n"
        assert done.code == 2


def stored(name: str, pressure: int) -> dict[str, Any]:
    metadata = {"name": name, "namespace": "deck-3"}
    spec = {"pressure": pressure, "valves": [{"name": "inlet"}]}
    return {"apiVersion": "deck.example.com/v1", "kind": "Pump", "metadata": metadata, "spec": spec}


@pytest.fixture(scope="module")
def kubeconfig() -> Iterator[str]:
    """A cluster with two pumps."""
    registry = Registry(Store(), lambda: 1_767_600_000_000, Random(1))
    server = ApiServer(registry)
    registry.create(CUSTOM_RESOURCE_DEFINITIONS, yaml.safe_load(Path(CRD).read_text()))
    registry.create(NAMESPACES, {"metadata": {"name": "deck-3"}})
    for name, pressure in (("bilge", 3), ("fire", 9)):
        registry.create(PUMPS, stored(name, pressure))
    with HttpsCluster(server) as running:
        yield str(running.kubeconfig)


class TestLive:
    def test_all_objects_of_a_definition_are_judged(self, kubeconfig: str) -> None:
        done = crd("validate", "--live", "pumps.deck.example.com", "--kubeconfig", kubeconfig)
        assert done.out == "Pump deck-3/bilge is valid\nPump deck-3/fire is valid\n"
        assert done.code == 0

    def test_another_definition_shows_what_would_no_longer_stand(self, kubeconfig: str, tmp_path: Path) -> None:
        tighter = tmp_path / "tighter.yaml"
        tighter.write_text(Path(CRD).read_text().replace("maximum: 11", "maximum: 5"))
        name = ("--live", "pumps.deck.example.com")
        done = crd("validate", "--crd", str(tighter), *name, "--kubeconfig", kubeconfig, "-n", "deck-3")
        sentence = "spec.pressure: Invalid value: 9: spec.pressure in body should be less than or equal to 5"
        assert f"the cluster: Pump deck-3/fire: {sentence}\n" in done.out
        assert "Pump deck-3/bilge is valid" in done.out
        assert done.code == 1

    def test_a_definition_that_is_not_there_is_said(self, kubeconfig: str) -> None:
        done = crd("prune", "--live", "valves.deck.example.com", "--kubeconfig", kubeconfig)
        assert "there is no CustomResourceDefinition valves.deck.example.com; its name is PLURAL.GROUP" in done.err
        assert done.code == 2
