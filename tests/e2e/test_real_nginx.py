"""The matcher of ingress-nginx against a real nginx that is configured as the controller's template configures it.

Lua is the one part that is not run: redirects to https and canaries are held by unit tests alone.
"""

import http.client
import random
import socket
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from binaries import require_program
from ingresses import annotated, ingress, manifests
from underway.ingress.matchers.ingress_nginx.config import Config
from underway.ingress.matchers.ingress_nginx.servers import CATCH_ALL, Location, Server, servers_of
from underway.ingress.matchers.ingress_nginx.view import NginxRouter
from underway.ingress.matchers.request import Request
from underway.ingress.matchers.services import Services
from waiting import wait_until

pytestmark = pytest.mark.e2e

SEEDS = range(8)
REQUESTS_MIN = 10_000
PLAIN = ("/", "/foo", "/foo/", "/foo/bar", "/foo/bar/", "/fo", "/a", "/a/b/c", "/A", "/very/long/path/of/a/rule")
EXPRESSIONS = ("/x(/|$)(.*)", "/item/[0-9]+", "/(foo|bar)/baz", "/a.*z", "/v[12]/(.*)", "/[a-c]x?$", "/img/.+\\.png")
TARGETS = ("/$2", "/$1", "/fixed", "/pre/$1")
HOSTS = ("a.example", "b.example", "*.foo.com", "x.foo.com", "")


def corpus(rng: random.Random) -> list[dict[str, Any]]:
    """Ingresses of several hosts and namespaces; what nginx would refuse to load (one location twice) is left out."""
    made: list[dict[str, Any]] = []
    for number, host in enumerate((*HOSTS, *HOSTS)):
        regex = rng.random() < 0.4 and number < len(HOSTS)
        pool = EXPRESSIONS if regex else PLAIN
        kinds = ("ImplementationSpecific",) if regex else ("Prefix", "Exact", "ImplementationSpecific")
        paths = [
            (rng.choice(kinds), path, f"s{number}-{place}") for place, path in enumerate(rng.sample(pool, rng.randint(1, 4)))
        ]
        annotations = {}
        if regex:
            annotations = annotated(use_regex="true") if rng.random() < 0.5 else annotated(rewrite_target=rng.choice(TARGETS))
        elif rng.random() < 0.2:
            annotations = annotated(app_root="/app") if host else annotated(permanent_redirect="https://new.example$request_uri")
        extra = {"default": f"d{number}"} if rng.random() < 0.3 else {}
        one = ingress(f"i{number}", host, *paths, namespace=f"n{number % 3}", annotations=annotations, **extra)
        if _loads([*made, one]):
            made.append(one)
    return made


def _loads(documents: list[dict[str, Any]]) -> bool:
    servers, _ = servers_of(manifests(*documents).ingresses, Services(()), Config())
    return all(len({_location(server, one) for one in server.locations}) == len(server.locations) for server in servers.values())


def _location(server: Server, one: Location) -> str:
    """buildLocation of template.go."""
    if any(other.rewrites or other.settings.use_regex for other in server.locations):
        return f'~* "^{one.path}"'
    return f"= {one.path}" if one.path_type == "Exact" else one.path


def configuration(servers: dict[str, Server], front: int, back: int, folder: Path) -> str:
    """nginx.conf, as far as it decides about routing."""
    blocks = []
    for host, server in servers.items():
        name = host
        if host.startswith("*."):
            name = r"~^(?<subdomain>[\w-]+)\." + host[2:].replace(".", r"\.") + "$"
        default = " default_server" if host == CATCH_ALL else ""
        lines = [f"listen 127.0.0.1:{front}{default};", f'server_name "{name}";']
        for one in server.locations:
            if one.settings.app_root:
                lines.append(f"if ($uri = /) {{ return 302 $scheme://$http_host{one.settings.app_root}; }}")
            inside = [
                f'proxy_set_header X-Backend "{one.backend.where if one.backend else ""}";',
                "proxy_set_header Host $http_host;",
            ]
            if one.settings.redirect:
                inside.append(f"return {one.settings.redirect[1]} {one.settings.redirect[0]};")
            if one.rewrites:
                inside.append(f'rewrite "(?i){one.path}" {one.settings.target} break;')
            inside.append(f"proxy_pass http://127.0.0.1:{back};")
            lines.append(f"location {_location(server, one)} {{ {' '.join(inside)} }}")
        blocks.append("server { " + "\n".join(lines) + " }")
    temporary = "".join(f"{kind}_temp_path {folder}/{kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    return f"""daemon off; worker_processes 1; pid {folder}/pid; error_log {folder}/error.log;
events {{ worker_connections 512; }}
http {{ access_log off; {temporary} keepalive_requests 100000; server_name_in_redirect off; port_in_redirect off;
server_names_hash_bucket_size 128; types_hash_max_size 2048;
server {{ listen 127.0.0.1:{back}; location / {{ return 200 "$http_x_backend|$request_uri"; }} }}
{chr(10).join(blocks)} }}"""


def free_port() -> int:
    """A port that nobody has now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether something listens."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture(params=SEEDS)
def running(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[random.Random, list[dict[str, Any]], int]]:
    """A corpus, and the port of an nginx that serves it."""
    binary = require_program("nginx", "nginx-light")
    rng = random.Random(request.param)
    documents = corpus(rng)
    front, back = free_port(), free_port()
    servers, _ = servers_of(manifests(*documents).ingresses, Services(()), Config())
    (tmp_path / "nginx.conf").write_text(configuration(servers, front, back, tmp_path))
    command = [binary, "-p", str(tmp_path), "-c", str(tmp_path / "nginx.conf"), "-e", str(tmp_path / "error.log")]
    process = subprocess.Popen(command, stderr=subprocess.PIPE)
    try:
        wait_until(lambda: answers(front) or process.poll() is not None, "nginx to listen")
        assert process.poll() is None, process.communicate()[1].decode()
        yield rng, documents, front
    finally:
        process.terminate()
        process.communicate()


def asked_paths(rng: random.Random) -> Iterator[str]:
    """Paths at and around every rule, and some that need reading."""
    literal = [
        *PLAIN,
        "/x",
        "/x/one/two",
        "/item/7",
        "/item/",
        "/foo/baz",
        "/bar/baz/q",
        "/abcz",
        "/v1/",
        "/v2/y",
        "/bx",
        "/img/a.png",
    ]
    for path in literal:
        bare = path.rstrip("/")
        yield from (
            path,
            f"{bare}/",
            f"{bare or '/'}zq",
            f"{bare}/zq",
            path.upper(),
            f"{bare}//zq",
            f"/./{path[1:]}",
            f"/q/..{path}",
        )
    for _ in range(60):
        yield "/" + "/".join(
            rng.choice(["foo", "bar", "a", "x", "baz", "item", "1", "v1", "%66oo"]) for _ in range(rng.randint(1, 4))
        )


def test_a_real_nginx_answers_as_the_matcher_says(running: tuple[random.Random, list[dict[str, Any]], int]) -> None:
    rng, documents, port = running
    router = NginxRouter(manifests(*documents))
    asked = 0
    with closing(http.client.HTTPConnection("127.0.0.1", port)) as connection:
        for host in ("a.example", "b.example", "x.foo.com", "y.foo.com", "a.b.foo.com", "foo.com", "other.example"):
            for path in asked_paths(rng):
                connection.putrequest("GET", path, skip_host=True)
                connection.putheader("Host", host)
                connection.endheaders()
                response = connection.getresponse()
                body = response.read().decode()
                said = router.views("http", host)[0].answer(Request(host, path))
                got = f"{response.status} {response.headers['Location']}" if response.status != 200 else body
                if said.answer == "redirect":
                    expected = f"{said.status} {said.location}"
                else:
                    expected = f"{said.backends[0].where}|{said.path or path}" if said.backends else f"|{path}"
                    if not said.backends:
                        got = got.partition("|")[0] + f"|{path}"
                assert got == expected, (host, path, said.rule)
                asked += 1
    assert asked * len(SEEDS) >= REQUESTS_MIN
