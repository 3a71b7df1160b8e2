"""`underway ingress match` as scripts and people call it."""

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from underway.cli.ingress.match import command
from underway.errors import UsageError

INGRESS = """\
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  rules:
  - host: shop.example.com
    http:
      paths:
      - {path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}
      - {path: /cart, pathType: Prefix, backend: {service: {name: cart, port: {number: 8080}}}}
"""


def match(text: str, tmp_path: Path, *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    file = tmp_path / "in.yaml"
    file.write_text(text)
    done = CliRunner().invoke(command, ["-f", str(file), *arguments], standalone_mode=False)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.return_value if isinstance(done.return_value, int) else done.exit_code, done.stdout, done.stderr


def test_json_has_the_shape_that_scripts_rely_on(tmp_path: Path) -> None:
    code, out, _ = match(INGRESS, tmp_path, "https://shop.example.com/cart/1", "-o", "json")
    shown = json.loads(out)
    assert code == 0
    assert (shown["answer"], shown["status"]) == ("backend", None)
    assert shown["backend"] == {"namespace": "shop", "name": "cart", "port": 8080, "weight": 1}
    assert shown["rule"] == "Ingress shop/web spec.rules[0].http.paths[1] (Prefix /cart of shop.example.com)"
    assert len(shown["why"]) == 1


def test_text_names_the_rule_and_why_the_others_do_not_answer(tmp_path: Path) -> None:
    _, out, _ = match(INGRESS, tmp_path, "https://shop.example.com/")
    assert "shop/web:80" in out
    assert (
        "why  Ingress shop/web spec.rules[0].http.paths[1] (Prefix /cart of shop.example.com): its path does not match /" in out
    )


def test_a_request_that_nothing_answers_exits_with_1(tmp_path: Path) -> None:
    code, out, _ = match(INGRESS, tmp_path, "https://other.example.com/")
    assert code == 1
    assert "status 404" in out


def test_what_is_skipped_is_said_with_file_and_line_and_exits_with_4(tmp_path: Path) -> None:
    code, _, err = match(INGRESS + "---\nkind: Widget\nmetadata: {name: w}\n", tmp_path, "https://shop.example.com/")
    assert code == 4
    assert "in.yaml:12: Widget w is of a kind that decides nothing about routing here" in err


def test_one_class_is_taken_or_all_with_a_note(tmp_path: Path) -> None:
    other = INGRESS.replace("name: web, namespace: shop", "name: other, namespace: shop").replace("name: cart", "name: other")
    text = (
        INGRESS.replace("spec:", "spec:\n  ingressClassName: a", 1)
        + "---\n"
        + other.replace("spec:", "spec:\n  ingressClassName: b", 1)
    )
    url = "https://shop.example.com/cart"
    _, out, err = match(text, tmp_path, url, "--as", "ingress-v1")
    assert "note: Ingresses of classes a, b are taken for one controller's; --class takes one" in err
    assert "shop/other:8080" in out
    _, out, err = match(text, tmp_path, url, "--as", "ingress-v1", "--class", "a")
    assert "shop/cart:8080" in out
    assert err == ""


def test_open_points_are_assumed_as_asked(tmp_path: Path) -> None:
    text = INGRESS.replace("/cart, pathType: Prefix", "/cart, pathType: ImplementationSpecific")
    url = "https://shop.example.com/cartoons"
    assert "shop/web:80" in match(text, tmp_path, url, "--as", "ingress-v1")[1]
    assumed = ("--assume", "implementation-specific=string-prefix", "--assume", "hostname-fallback=true")
    assert "shop/cart:8080" in match(text, tmp_path, url, *assumed)[1]


@pytest.mark.parametrize(
    ("text", "arguments", "message"),
    [
        (INGRESS, ("shop.example.com",), "is no URL of a request; write http://HOST/PATH"),
        (INGRESS, ("http://a/", "-H", "nonsense"), "is no header; write -H 'Name: value'"),
        (INGRESS, ("http://a:99999/",), "is no URL"),
        ("a: 1\na: 2\n", ("http://a/",), "in.yaml:2: key 'a' stands twice"),
        ("a: [1\n", ("http://a/",), "in.yaml:2: did not find expected ',' or ']'"),
        ("a: " + "[" * 100 + "]" * 100, ("http://a/",), "in.yaml:1: nested more than 64 deep"),
        (INGRESS, ("http://a/", "--assume", "weather=fine"), "--assume weather=fine: choose from expressions, fallthrough"),
        (INGRESS, ("http://a/", "--assume", "fallthrough=maybe"), "--assume: Expected `bool`, got `str` - at `$.fallthrough`"),
        ("kind: Widget\n", ("http://a/",), "the files hold no Ingresses to match"),
        (
            INGRESS + "---\nkind: Gateway\napiVersion: gateway.networking.k8s.io/v1\nmetadata: {name: g}\n",
            ("http://a/",),
            "say which",
        ),
    ],
)
def test_bad_input_is_a_sentence(tmp_path: Path, text: str, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError, match=re.escape(message)):
        match(text, tmp_path, *arguments)
