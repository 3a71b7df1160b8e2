"""`underway ingress prove` as scripts and people call it."""

import json
import re
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

from ingresses import annotated, gateway, ingress, listener, match, route, rule
from underway.cli.ingress.prove import command
from underway.errors import UsageError

INGRESS = ingress("web", "a.example", ("Prefix", "/", "web"), ("Exact", "/cart", "cart"))
EDGE = gateway("edge", listener("http", "a.example"))
ROUTE = route("web", ("a.example",), rule("web", match("/")), rule("cart", match("/cart", "Exact")))
WRONG = route("web", ("a.example",), rule("web", match("/")), rule("cart", match("/cart")))


def run(tmp_path: Path, left: tuple[object, ...], right: tuple[object, ...], *arguments: str) -> tuple[int, str, str]:
    """Exit code, standard output, standard error."""
    for name, documents in (("left.yaml", left), ("right.yaml", right)):
        (tmp_path / name).write_text(yaml.safe_dump_all(documents))
    files = ["--from", str(tmp_path / "left.yaml"), "--to", str(tmp_path / "right.yaml")]
    done = CliRunner().invoke(command, [*files, *arguments], standalone_mode=False)
    if done.exception:
        raise done.exception
    return done.return_value, done.stdout, done.stderr


def test_a_proof_exits_with_0(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, (INGRESS,), (EDGE, ROUTE))
    assert code == 0
    assert out == "PROVED: 2 of 2 hosts proved over 6 requests (ingress-v1 -> gateway)\n"


def test_a_refutation_exits_with_1_and_shows_the_request_and_both_answers(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, (INGRESS,), (EDGE, WRONG), "-o", "json")
    assert code == 1
    shown = json.loads(out)
    assert shown["verdict"] == "REFUTED"
    host = next(one for one in shown["hosts"] if one["host"] == "a.example")
    assert host["witness"] == {"method": "GET", "url": "http://a.example/cart/", "headers": {}}
    assert host["from"]["backend"]["name"] == "web"
    assert host["to"]["backend"]["name"] == "cart"
    assert next(one for one in shown["hosts"] if one["host"] == "*")["witness"] is None


def test_text_shows_the_difference(tmp_path: Path) -> None:
    _, out, _ = run(tmp_path, (INGRESS,), (EDGE, WRONG))
    assert "REFUTED  a.example  different backends or their shares" in out
    assert "    to     shop/cart:80  [HTTPRoute shop/web spec.rules[1]]" in out


def test_what_cannot_be_known_exits_with_4(tmp_path: Path) -> None:
    guarded = ingress("web", "a.example", ("Prefix", "/", "web"), annotations=annotated(auth_url="https://auth"))
    code, out, _ = run(tmp_path, (guarded,), (EDGE, route("web", ("a.example",), rule("web"))))
    assert code == 4
    assert "UNKNOWN  a.example  auth-url of Ingress shop/web" in out
    assert "(ingress-nginx -> gateway)" in out, "an annotation of its own speaks for ingress-nginx"


def test_services_of_either_side_resolve_named_ports(tmp_path: Path) -> None:
    named = ingress("web", "a.example", ("Prefix", "/", "web"))
    named["spec"]["rules"][0]["http"]["paths"][0]["backend"]["service"]["port"] = {"name": "http"}
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "web", "namespace": "shop"},
        "spec": {"ports": [{"name": "http", "port": 80}]},
    }
    right = (EDGE, route("web", ("a.example",), rule("web")))
    assert run(tmp_path, (named, service), right)[0] == 0
    assert run(tmp_path, (named,), right)[0] == 4


def test_what_the_api_server_refuses_is_noted(tmp_path: Path) -> None:
    many = route("web", ("a.example",), *(rule("web", match(f"/{n}")) for n in range(17)))
    code, out, _ = run(tmp_path, (INGRESS,), (EDGE, many))
    assert code == 1
    assert "note     to: the API server refuses HTTPRoute shop/web: 17 rules; 16 are allowed" in out


def test_skipped_objects_keep_a_proof_partial(tmp_path: Path) -> None:
    code, _, err = run(tmp_path, (INGRESS, {"kind": "Widget", "metadata": {"name": "w"}}), (EDGE, ROUTE))
    assert code == 4
    assert "skipped" in err


def test_five_thousand_hosts_on_one_gateway_are_refused_not_hung(tmp_path: Path) -> None:
    left = [ingress(f"i{n}", f"h{n}.example", ("Prefix", "/", "web")) for n in range(5000)]
    right = [gateway("edge", *(listener(f"l{n}", f"h{n}.example") for n in range(5000)))]
    for name, documents in (("left.json", left), ("right.json", right)):
        (tmp_path / name).write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": documents}))
    files = ["--from", str(tmp_path / "left.json"), "--to", str(tmp_path / "right.json")]
    done = CliRunner().invoke(command, files, standalone_mode=False)
    assert done.return_value == 1
    assert "the API server refuses Gateway shop/edge: 5000 listeners; 1 to 64 are allowed" in done.stdout


def test_a_side_without_anything_to_match_is_a_usage_error(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the files hold no Ingresses to match"):
        run(tmp_path, ({"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "s"}},), (EDGE, ROUTE))


def test_every_open_point_is_read_otherwise_on_request(tmp_path: Path) -> None:
    left = (INGRESS, ingress("all", "", default="all"))
    right = (gateway(), ROUTE, route("all", (), rule("all")))
    code, out, _ = run(tmp_path, left, right, "--every-reading")
    assert code == 0
    assert "PROVED   with --assume hostname-fallback=true" in out
    shadowed = (ingress("web", "a.example", ("Prefix", "/x", "x")), ingress("all", "", default="all"))
    hidden = (gateway(), route("web", ("a.example",), rule("x", match("/x"))), route("all", (), rule("all")))
    assumed = ("--assume", "hostname-fallback=true", "--every-reading", "-o", "json")
    code, out, _ = run(tmp_path, shadowed, hidden, *assumed)
    assert code == 1
    readings = {one["assume"]: one["verdict"] for one in json.loads(out)["readings"]}
    assert readings["hostname-fallback=false"] == "REFUTED"
    assert readings["fallthrough=true"] == "PROVED"


def test_text_names_only_so_many_hosts(tmp_path: Path) -> None:
    left = [ingress(f"i{n}", f"h{n:02}.example", ("Prefix", "/", "web")) for n in range(30)]
    code, out, _ = run(tmp_path, tuple(left), (EDGE, ROUTE))
    assert code == 1
    assert "and 6 more hosts that are not proved: -o json or -o html has them" in out


def test_html_draws_both_sides_without_anything_from_outside(tmp_path: Path) -> None:
    code, out, _ = run(tmp_path, (INGRESS,), (EDGE, WRONG), "-o", "html")
    assert code == 1
    assert "<!doctype html>" in out
    assert not re.search(r"(src|href)=|<script|@import|url\(", out)
    assert out.count('class="taken"') >= 2, "the rules that answer the witness are marked"
    assert "GET http://a.example/cart/" in out
    assert "any other host" in out


def test_the_example_shows_each_verdict() -> None:
    folder = Path(__file__).parents[3] / "examples" / "ingress-proof"
    arguments = ["--from", str(folder / "ingress.yaml"), "--to", str(folder / "routes.yaml"), "-o", "json"]
    done = CliRunner().invoke(command, arguments, standalone_mode=False)
    verdicts = {one["host"]: one["verdict"] for one in json.loads(done.stdout)["hosts"]}
    assert verdicts == {
        "admin.example.com": "UNKNOWN",
        "files.example.com": "REFUTED",
        "pay.example.com": "PROVED",
        "shop.example.com": "REFUTED",
        "*.tenants.example.com": "REFUTED",
        "*": "PROVED",
    }
