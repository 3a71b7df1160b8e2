"""`underway ingress convert --to v1|v1beta1`, from a shell: what people wrote stays."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

SHOP = """\
# The shop.
apiVersion: extensions/v1beta1   # old
kind: Ingress
metadata:
  name: shop
  annotations:
    kubernetes.io/ingress.class: "nginx"
spec:
  backend:
    serviceName: fallback # answers the rest
    servicePort: 80
  rules:
  - host: shop.example.com
    http:
      paths:
      # the cart
      - path: /cart
        backend:
          serviceName: cart
          servicePort: http
---
# not ours
apiVersion: v1
kind:   Service
metadata: {name:   x}
"""


def convert(*arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "underway", "ingress", "convert", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env={"HOME": "/nonexistent"})


def test_comments_key_order_and_other_kinds_stay() -> None:
    done = convert("--to", "v1", "-f", "-", stdin=SHOP)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == SHOP.replace("extensions/v1beta1   # old", "networking.k8s.io/v1 # old").replace(
        "  backend:\n    serviceName: fallback # answers the rest\n    servicePort: 80\n",
        "  defaultBackend:\n    service:\n      name: fallback      # answers the rest\n      port:\n        number: 80\n",
    ).replace(
        "        backend:\n          serviceName: cart\n          servicePort: http\n",
        "        pathType: ImplementationSpecific\n        backend:\n          service:\n            name: cart\n"
        "            port:\n              name: http\n",
    )


def test_there_and_back_is_the_same_but_for_explicit_defaults(tmp_path: Path) -> None:
    (tmp_path / "v1.yaml").write_text(convert("--to", "v1", "-f", "-", stdin=SHOP).stdout)
    back = convert("-f", str(tmp_path / "v1.yaml"), "--to", "v1beta1").stdout
    expected = list(yaml.safe_load_all(SHOP))
    expected[0]["apiVersion"] = "networking.k8s.io/v1beta1"
    expected[0]["spec"]["rules"][0]["http"]["paths"][0]["pathType"] = "ImplementationSpecific"
    assert list(yaml.safe_load_all(back)) == expected


def test_a_loss_has_file_line_and_exit_code_4(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(SHOP.replace("servicePort: http", 'servicePort: "80"'))
    done = convert("--to", "v1", "-f", str(tmp_path / "a.yaml"))
    assert done.returncode == 4
    assert (
        f'{tmp_path}/a.yaml:20: invalid: Ingress shop: spec.rules[0].http.paths[0].backend.servicePort is the text "80"'
        in done.stderr
    )
    assert done.stderr.endswith("\n    remedy   write the number 80 without quotes\n")


def test_losses_as_json() -> None:
    done = convert("--to", "v1", "-f", "-", "--report", "json", stdin=SHOP.replace("servicePort: http", "servicePort: HTTP"))
    [loss] = json.loads(done.stderr)["losses"]
    assert (loss["file"], loss["line"], loss["field"]) == ("-", 20, "spec.rules[0].http.paths[0].backend.servicePort")
    assert json.loads(convert("--to", "v1", "-f", "-", "--report", "json", stdin=SHOP).stderr) == {"losses": []}


def test_json_stays_json() -> None:
    spec = {"backend": {"serviceName": "s", "servicePort": 1}}
    values = {"apiVersion": "extensions/v1beta1", "kind": "Ingress", "metadata": {"name": "a"}, "spec": spec}
    done = convert("--to", "v1", "-f", "-", stdin=json.dumps(values))
    assert json.loads(done.stdout)["spec"] == {"defaultBackend": {"service": {"name": "s", "port": {"number": 1}}}}


def test_a_backend_shared_by_an_alias_is_converted_once() -> None:
    text = """\
apiVersion: networking.k8s.io/v1beta1
kind: Ingress
metadata: {name: a}
spec:
  rules:
    - http:
        paths:
          - {path: /a, backend: &s {serviceName: s, servicePort: 80}}
          - {path: /b, backend: *s}
"""
    done = convert("--to", "v1", "-f", "-", stdin=text)
    paths = yaml.safe_load(done.stdout)["spec"]["rules"][0]["http"]["paths"]
    assert paths[1] == {
        "path": "/b",
        "pathType": "ImplementationSpecific",
        "backend": {"service": {"name": "s", "port": {"number": 80}}},
    }
    assert "- {path: /a, pathType" in done.stdout


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: [1\n", "-:2: "),
        ("kind: Ingress\nkind: Ingress\n", "-:2: key 'kind' stands twice"),
    ],
)
def test_what_is_no_yaml_is_refused_with_its_line(text: str, message: str) -> None:
    done = convert("--to", "v1", "-f", "-", stdin=text)
    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr
    assert "Traceback" not in done.stderr
