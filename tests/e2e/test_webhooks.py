"""Webhooks asked by a real kube-apiserver: ours from the command line, and ours inside a kopf operator."""

import base64
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from controlplane import ControlPlane, free_port
from unit.crd.versions import without_rules
from waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
KOT = Path(__file__).resolve().parents[2] / "examples" / "kot"
STEP = KOT / "steps" / "4-admission" / "solution"
DEVICES = "devices.things.underway.dev"
MUTATE = '''
from underway.crd.review import Allowed


def label(request):
    """Every device says who made it, and everybody is told."""
    metadata = {**request.object["metadata"], "labels": {"made-by": "crew"}}
    return Allowed(object={**request.object, "metadata": metadata}, warnings=("labelled by the crew",))
'''
OPERATOR = """
import kopf

from conversions import CONVERSIONS
from underway.web.kopf_server import WebhookServer


@kopf.on.startup()
def configure(settings: kopf.OperatorSettings, **_: object) -> None:
    settings.admission.server = WebhookServer(CONVERSIONS, port={port}, host="localhost", address="127.0.0.1")
    settings.admission.managed = "things.underway.dev"
    settings.posting.enabled = False


@kopf.on.validate("things.underway.dev", "v1alpha1", "devices", id="named")
def named(body: kopf.Body, **_: object) -> None:
    if body["metadata"]["name"] == "nameless":
        raise kopf.AdmissionError("a device has a name of its own", code=418)


@kopf.on.event("things.underway.dev", "v1alpha1", "devices")
def seen(**_: object) -> None:
    pass
"""


def device(name: str, *, active: str) -> dict[str, Any]:
    return {
        "apiVersion": "things.underway.dev/v1alpha1",
        "kind": "Device",
        "metadata": {"name": name, "namespace": "default"},
        "spec": {"inputs": [{"name": "active", "type": "Boolean", "value": active}]},
    }


@pytest.fixture
def cluster() -> Iterator[ControlPlane]:
    """One of its own: webhooks stand in everybody's way."""
    with ControlPlane(controllers=False) as running:
        yield running


def said(cluster: ControlPlane, *arguments: str, stdin: str = "") -> str:
    """What kubectl says, on both streams, whatever its exit code."""
    done = subprocess.run([*cluster.command(), *arguments], input=stdin, capture_output=True, text=True, check=False, timeout=60)
    return done.stdout + done.stderr


def apply(cluster: ControlPlane, value: Any) -> str:
    return said(cluster, "apply", "-f", "-", stdin=json.dumps(value))


def webhook(kind: str, path: str, url: str, authority: str, operations: list[str]) -> dict[str, Any]:
    """The tutorial's configuration for another path and other operations."""
    found: dict[str, Any] = yaml.safe_load((STEP / "webhook.yaml").read_text()) | {"kind": kind}
    (hook,) = found["webhooks"]
    hook["clientConfig"] = {"url": f"{url}{path}", "caBundle": authority}
    hook["rules"][0]["operations"] = operations
    return found


def test_admission_refuses_changes_and_warns(cluster: ControlPlane, tmp_path: Path) -> None:
    (tmp_path / "mutate.py").write_text(MUTATE)
    command = ["crd", "serve", "--validate", f"{STEP / 'admission.py'}:judge", "--mutate", f"{tmp_path / 'mutate.py'}:label"]
    alone = yaml.safe_load((KOT / "steps" / "3-rules" / "solution" / "devices.yaml").read_text())
    server = subprocess.Popen(
        [sys.executable, "-m", "underway", *command, "--port", "0", "-o", "json"], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        ready = json.loads(server.stdout.readline())
        authority = base64.b64encode(Path(ready["authority"]).read_bytes()).decode()
        apply(cluster, alone)
        apply(cluster, webhook("ValidatingWebhookConfiguration", "/validate", ready["url"], authority, ["DELETE"]))
        apply(cluster, webhook("MutatingWebhookConfiguration", "/mutate", ready["url"], authority, ["CREATE"]))
        # The API server takes a moment to learn of a definition, and of a webhook.
        first = json.dumps(device("first", active="true"))
        wait_until(lambda: "labelled" in said(cluster, "create", "--dry-run=server", "-f", "-", stdin=first), "the webhooks")
        told = apply(cluster, device("pump", active="true"))
        assert "Warning: labelled by the crew" in told
        assert json.loads(cluster.kubectl("get", DEVICES, "pump", "-o", "json"))["metadata"]["labels"] == {"made-by": "crew"}
        refused = "pump is active: set active to false before it is deleted"
        wait_until(lambda: refused in said(cluster, "delete", DEVICES, "pump", "--dry-run=server"), "the refusal")
        told = said(cluster, "delete", DEVICES, "pump")
        assert told == f'Error from server (Forbidden): admission webhook "{DEVICES}" denied the request: {refused}\n'
        apply(cluster, device("pump", active="false"))
        assert "deleted" in said(cluster, "delete", DEVICES, "pump")
    finally:
        server.terminate()
        server.communicate()


def test_a_kopf_operator_converts_and_judges(cluster: ControlPlane, tmp_path: Path) -> None:
    port = free_port()
    for name in ("conversions.py", "devices.yaml"):
        (tmp_path / name).write_text((KOT / name).read_text())
    (tmp_path / "crew.py").write_text(OPERATOR.replace("{port}", str(port)))
    crd = without_rules(yaml.safe_load((KOT / "devices.yaml").read_text()))
    crd["spec"]["conversion"] = {"strategy": "None"}
    for version in crd["spec"]["versions"]:
        version["storage"] = version["name"] == "v1alpha1"
    apply(cluster, crd)
    cluster.kubectl("wait", "--for=condition=Established", f"crd/{DEVICES}")
    log = tmp_path / "kopf.log"
    with log.open("wb") as written:
        operator = subprocess.Popen(
            [sys.executable, "-m", "kopf", "run", "crew.py", "--all-namespaces", "--standalone"],
            cwd=tmp_path,
            env={"PATH": "/usr/bin:/bin", "KUBECONFIG": str(cluster.admin), "HOME": str(tmp_path)},
            stdout=written,
            stderr=subprocess.STDOUT,
        )
    try:
        path = "jsonpath={.webhooks[0].clientConfig.caBundle}"
        read = ("get", "validatingwebhookconfiguration", "things.underway.dev", "-o", path)
        wait_until(lambda: cluster.kubectl(*read, check=False) or operator.poll() is not None, "kopf to write its configuration")
        assert operator.poll() is None, log.read_text()
        # kopf keeps what it serves admission by; conversion is told of the same server.
        bundle = cluster.kubectl(*read)
        client = {"url": f"https://localhost:{port}/convert", "caBundle": bundle}
        crd["spec"]["conversion"] = {
            "strategy": "Webhook",
            "webhook": {"conversionReviewVersions": ["v1"], "clientConfig": client},
        }
        apply(cluster, crd)
        wait_until(lambda: "created" in apply(cluster, device("pump", active="true")), "a pump to be taken")

        def newer() -> Any:
            found = cluster.kubectl("get", "devices.v1.things.underway.dev", "pump", "-o", "json", check=False)
            return json.loads(found)["spec"]["inputs"] if found else None

        wait_until(lambda: newer() == [{"name": "active", "boolean": True}], "the pump in v1")
        nameless = json.dumps(device("nameless", active="true"))
        create = ("create", "--dry-run=server", "-f", "-")
        wait_until(lambda: "a device has a name of its own" in said(cluster, *create, stdin=nameless), "kopf's own refusal")
    finally:
        operator.terminate()
        operator.wait(30)
    assert "Traceback" not in log.read_text(), log.read_text()
