"""The chart, rendered by the real helm, holds the same objects as `underway manifests`."""

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

HELM = "helm.sh/helm/v3/cmd/helm@v3.22.0"
CHART = Path(__file__).resolve().parents[2] / "deploy" / "helm" / "underway"


@pytest.fixture(scope="session")
def helm() -> str:
    """helm on PATH, or one that is built once from its Go module."""
    found = shutil.which("helm")
    if found:
        return found
    root = os.environ.get("UNDERWAY_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "underway"
    folder = Path(root) / "helm-v3.22.0"
    if not (folder / "helm").exists():
        if shutil.which("go") is None:
            pytest.skip("there is no helm, and no Go to build it with")
        subprocess.run(["go", "install", HELM], check=True, env={**os.environ, "GOBIN": str(folder)}, timeout=800)
    return str(folder / "helm")


Objects = dict[tuple[str, str, str], Any]


def by_name(text: str) -> Objects:
    found = {}
    for value in yaml.safe_load_all(text):
        if value is not None and value["kind"] != "Namespace":  # helm makes it with --create-namespace
            if value["kind"] == "CustomResourceDefinition":
                value["metadata"].pop("annotations", None)  # the chart's own: keep them when it is uninstalled
            found[value["kind"], value["metadata"].get("namespace", ""), value["metadata"]["name"]] = value
    return found


@pytest.mark.parametrize(
    ("values", "arguments"),
    [
        ([], []),
        (["fleet=true", "replicas=3"], ["--fleet", "--replicas", "3"]),
        (["evictIn={shop,data}"], ["--evict-in", "shop", "--evict-in", "data"]),
        (
            ["providers={ClusterAPI,Karpenter}", "image=registry.example/u:1"],
            ["--provider", "ClusterAPI", "--provider", "Karpenter", "--image", "registry.example/u:1"],
        ),
        (["webhook=true", "replicas=3"], ["--webhook", "--replicas", "3"]),
    ],
    ids=["defaults", "hub", "confined", "providers", "all versions"],
)
def test_helm_renders_what_manifests_prints(helm: str, values: list[str], arguments: list[str]) -> None:
    command = [helm, "template", "underway", str(CHART), "--namespace", "underway-system"]
    command += ["--kube-version", "1.36.3"]  # a helm that is built from its module does not know which one it is for
    sets = [part for value in values for part in ("--set", value)]
    rendered = subprocess.run([*command, *sets], check=True, capture_output=True, text=True).stdout
    printed = subprocess.run(
        [sys.executable, "-m", "underway", "manifests", *arguments], check=True, capture_output=True, text=True
    ).stdout
    assert by_name(rendered) == by_name(printed)


def test_the_webhook_serves_the_namespace_of_the_release(helm: str) -> None:
    command = [
        helm,
        "template",
        "underway",
        str(CHART),
        "--namespace",
        "ships",
        "--kube-version",
        "1.36.3",
        "--set",
        "webhook=true",
    ]
    rendered = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    definitions = [value for (kind, _, _), value in by_name(rendered).items() if kind == "CustomResourceDefinition"]
    assert len(definitions) == 2
    for definition in definitions:
        assert [version["name"] for version in definition["spec"]["versions"]] == ["v1", "v1beta1", "v1alpha1"]
        assert definition["spec"]["conversion"]["webhook"]["clientConfig"]["service"]["namespace"] == "ships"
    arguments = next(
        value for (kind, _, name), value in by_name(rendered).items() if (kind, name) == ("Deployment", "underway-webhook")
    )
    assert "--host=underway-webhook.ships.svc" in arguments["spec"]["template"]["spec"]["containers"][0]["args"]


def test_an_uninstall_keeps_the_definitions_and_with_them_every_rotation(helm: str) -> None:
    command = [helm, "template", "underway", str(CHART), "--kube-version", "1.36.3"]
    rendered = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    for value in yaml.safe_load_all(rendered):
        if value["kind"] == "CustomResourceDefinition":
            assert value["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}


def test_helm_finds_nothing_to_complain_of(helm: str) -> None:
    done = subprocess.run([helm, "lint", "--strict", str(CHART)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
