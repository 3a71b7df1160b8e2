"""`underway ingress convert` to the Gateway API, from a shell: what goes where, and what is said of bad input."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

SHOP = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop
  namespace: a
  annotations:
    nginx.ingress.kubernetes.io/limit-rps: "5"
spec:
  ingressClassName: nginx
  rules:
  - host: "*.example.com"
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {service: {name: s, port: {name: http}}}
"""
SERVICE = """\
---
apiVersion: v1
kind: Service
metadata: {name: s, namespace: a}
spec: {ports: [{name: http, port: 8080}]}
"""


def convert(*arguments: str, stdin: str = "", seed: str = "0") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "underway", "ingress", "convert", *arguments]
    environment = {"HOME": "/nonexistent", "PYTHONHASHSEED": seed}
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env=environment)


def test_objects_go_to_stdout_losses_to_stderr_with_file_line_and_witness(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SHOP + SERVICE)
    done = convert("-f", str(tmp_path / "a.yaml"))
    assert done.returncode == 4
    assert [one["kind"] for one in yaml.safe_load_all(done.stdout)] == ["Gateway", "HTTPRoute"]
    assert f"{tmp_path}/a.yaml:7: lost: Ingress a/shop: limit-rps has no field here" in done.stderr
    assert f"{tmp_path}/a.yaml:11: differs: Ingress a/shop: *.example.com stands for one label" in done.stderr
    assert "    witness  GET http://a.b.example.com/ was not answered by this host, and now is\n" in done.stderr


def test_losses_as_json_have_a_kind_a_code_and_the_hosts() -> None:
    rows = json.loads(convert("-f", "-", "--report", "json", stdin=SHOP + SERVICE).stderr)["losses"]
    assert [(row["kind"], row["code"], row["line"], row["hosts"]) for row in rows] == [
        ("lost", "limit-rps", 7, ["*.example.com"]),
        ("differs", "E1", 11, ["*.example.com"]),
    ]


def test_a_named_port_without_its_service_leaves_the_whole_ingress_out() -> None:
    done = convert("-f", "-", stdin=SHOP)
    assert (done.returncode, done.stdout) == (4, "")
    assert "-:16: skipped: Ingress a/shop: " in done.stderr
    assert "; the whole Ingress is left out\n    remedy   give the Service too, with -f\n" in done.stderr


def test_the_same_bytes_in_any_process() -> None:
    text = SHOP + SERVICE
    first, second = (convert("-f", "-", "--topology", "shared", stdin=text, seed=seed) for seed in ("1", "2"))
    assert (first.stdout, first.stderr) == (second.stdout, second.stderr)


def test_a_folder_of_old_versions_lists_and_other_kinds(tmp_path: Path) -> None:
    backend = "{serviceName: s, servicePort: http}"
    old = f"{{apiVersion: extensions/v1beta1, kind: Ingress, metadata: {{name: old}}, spec: {{backend: {backend}}}}}"
    (tmp_path / "list.yaml").write_text(f"apiVersion: v1\nkind: List\nitems:\n- {old}\n- {{apiVersion: v1, kind: Pod}}\n")
    (tmp_path / "service.yml").write_text(SERVICE.replace(", namespace: a", ""))
    done = convert("-f", str(tmp_path))
    assert (done.returncode, done.stderr) == (0, "")
    route = list(yaml.safe_load_all(done.stdout))[-1]
    assert route["spec"]["rules"][0]["backendRefs"] == [{"name": "s", "port": 8080}]


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        ((), "kind: Pod\n", "the files hold no Ingress of networking.k8s.io/v1, v1beta1 or extensions/v1beta1"),
        (("--emitter", "foo"), SHOP, "--emitter foo: there is none; choose from standard, envoy-gateway, nginx-gateway-fabric"),
        (("--gateway-api", "1.9"), SHOP, "--gateway-api 1.9: there is none; choose from 1.4, 1.5, 1.6"),
        (("--provider", "foo"), SHOP, "--provider foo: there is none; choose from auto, ingress-nginx"),
        (("--default-certificate", "x"), SHOP, "--default-certificate x: write NAMESPACE/NAME of a Secret"),
        (("--topology", "listenerset", "--gateway-api", "1.4"), SHOP, "ListenerSet is in the Gateway API since 1.5"),
        ((), "a: !!python/object:os.system x\n", "-:1: could not determine a constructor"),
    ],
)
def test_wishes_that_cannot_be_granted(arguments: tuple[str, ...], stdin: str, message: str) -> None:
    done = convert("-f", "-", *arguments, stdin=stdin)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
