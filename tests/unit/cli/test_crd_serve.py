"""`underway crd serve`, as a user calls it: Events, and what it refuses."""

import http.client
import json
import ssl
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest

from underway.kube.resource import EVENTS, NAMESPACES
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.store import Store
from unit.cli.test_crd_fuzz import LOSSY
from waiting import wait_until

BURSTING = LOSSY.replace("    return int(text)", "    return 1 // 0 if text == '7' else int(text)")
SERVE = [sys.executable, "-m", "underway", "crd", "serve"]


def test_an_object_that_cannot_be_converted_has_an_event(tmp_path: Path) -> None:
    (tmp_path / "bursting.py").write_text(BURSTING)
    registry = Registry(Store(), lambda: 1_767_600_000_000, Random(1))
    registry.create(NAMESPACES, {"metadata": {"name": "here"}})
    metadata = {"name": "seven", "namespace": "here", "uid": "u"}
    value = {"apiVersion": "tests.underway.dev/v1alpha1", "kind": "Thing", "metadata": metadata, "spec": {"size": "7"}}
    request = {"uid": "1", "desiredAPIVersion": "tests.underway.dev/v1", "objects": [value]}
    review = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "ConversionReview", "request": request}
    with HttpsCluster(ApiServer(registry), directory=tmp_path) as cluster:
        arguments = ["bursting.py:LOSSY", "--port", "0", "--workers", "1", "-o", "json"]
        arguments += ["--events", "--kubeconfig", str(cluster.kubeconfig)]
        with subprocess.Popen([*SERVE, *arguments], cwd=tmp_path, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout is not None
                ready = json.loads(server.stdout.readline())
                context = ssl.create_default_context(cafile=ready["authority"])
                connection = http.client.HTTPSConnection("localhost", ready["port"], context=context, timeout=30)
                connection.request("POST", "/convert", json.dumps(review))
                result = json.loads(connection.getresponse().read())["response"]["result"]
                assert "objects[0] here/seven: spec.size: number raised ZeroDivisionError" in result["message"]
                connection.close()
                wait_until(lambda: registry.store.values(EVENTS), "the Event")
            finally:
                server.terminate()
    (event,) = registry.store.values(EVENTS)
    assert (event["reason"], event["involvedObject"]["name"]) == ("ConversionFailed", "seven")


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        ((), 2, "name what to serve: MODULE:CONVERSIONS, --validate or --mutate MODULE:FUNCTION"),
        (("c.py:C", "--cert", "a"), 2, "--cert and --key go together"),
        (
            ("c.py:C", "--cert", "a", "--key", "b", "--ca-bundle"),
            2,
            "--ca-bundle needs conversions, and with --cert the",
        ),
        (("c.py:C",), 2, "c.py: there is no such file"),
        (("json:dumps", "--port", "0"), 2, "json:dumps is function; Conversions, or a tuple of them, are wanted"),
        (
            ("--validate", "math:pi", "--port", "0"),
            2,
            "math:pi is float; a function from an AdmissionRequest to",
        ),
        (("--validate", "json:dumps", "--cert", "/none", "--key", "/none"), 2, "no certificate and key of one pair, in PEM"),
    ],
)
def test_what_cannot_be_served_is_told(arguments: tuple[str, ...], code: int, message: str) -> None:
    done = subprocess.run([*SERVE, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
