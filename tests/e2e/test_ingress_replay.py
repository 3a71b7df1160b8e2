"""Two real data planes answer ten thousand requests alike: nginx as ingress-nginx configures it, HAProxy as the routes say."""

import asyncio
import subprocess
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import pytest

from binaries import require_program
from controlplane import free_port
from underway.ingress.conversion import convert
from underway.ingress.layout import Options
from underway.ingress.samples import Different, samples_of
from underway.live.replaying import replay
from unit.ingress.converting import nginx, path
from waiting import wait_until

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(300)]
REQUESTS = 10_000
A = [path("/", "front"), path("/cart", "cart"), path("/help/", "help"), path("/exact", "exact", "Exact")]
B = [path("/", "api"), path("/v1", "one"), path("/v1/users", "users")]
INGRESSES = [
    nginx("shop/web", {"a.com": A}),
    nginx("shop/api", {"b.com": B}),
    nginx("shop/moved", {"c.com": [path("/", "gone")]}, {"permanent-redirect": "https://d.com/new"}),
]
STEMS = (
    "/", "/cart", "/cart/", "/cartx", "/help", "/help/", "/exact", "/exact/", "/v1", "/v1/", "/v1/users", "/v1/usersx",
    "/v1/users/7",
)  # fmt: skip
TEMPORARY = ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
SERVICES = ("front", "cart", "help", "exact", "api", "one", "users")


class Planes:
    """Backends that name themselves, and both data planes in front of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ports = {service: free_port() for service in SERVICES}
        self.old, self.new = free_port(), free_port()
        self.processes: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        (self.folder / "nginx.conf").write_text(self.nginx_conf())
        (self.folder / "haproxy.cfg").write_text(self.haproxy_cfg())
        commands = (
            ["nginx", "-p", str(self.folder), "-c", "nginx.conf", "-e", "stderr"],
            ["haproxy", "-f", str(self.folder / "haproxy.cfg")],
        )
        for command in commands:
            self.processes.append(subprocess.Popen(command, stderr=subprocess.DEVNULL))
        wait_until(lambda: _answers(self.old) and _answers(self.new), "both data planes")

    def stop(self) -> None:
        for process in self.processes:
            process.terminate()
            process.wait(10)

    def nginx_conf(self) -> str:
        """What the controller writes for these Ingresses: = and / locations, the redirect of a slash by proxy_pass."""
        backends = "".join(
            f"server {{ listen 127.0.0.1:{port}; add_header X-Served-By {name} always; location / {{ return 200 '{name}'; }} }}\n"
            for name, port in self.ports.items()
        )
        servers = ""
        for one in INGRESSES:
            target = one["metadata"]["annotations"].get("nginx.ingress.kubernetes.io/permanent-redirect")
            for rule in one["spec"]["rules"]:
                blocks = "".join(self._location(each, target) for each in rule["http"]["paths"])
                servers += f"server {{ listen 127.0.0.1:{self.old}; server_name {rule['host']}; {blocks} }}\n"
        temporary = "".join(f"{kind}_temp_path {self.folder}/{kind};" for kind in TEMPORARY)
        return (
            f"daemon off; worker_processes 1; pid {self.folder}/pid; events {{ worker_connections 512; }}\n"
            f"http {{ {temporary} access_log off; server_name_in_redirect off; port_in_redirect off;\n{backends}"
            f"server {{ listen 127.0.0.1:{self.old} default_server; return 404; }}\n{servers}}}\n"
        )

    def _location(self, one: dict[str, Any], target: str | None) -> str:
        if target:
            return f"location {one['path']} {{ return 301 {target}; }}"
        act = f"{{ proxy_pass http://127.0.0.1:{self.ports[one['backend']['service']['name']]}; }}"
        value = one["path"]
        if one["pathType"] == "Exact":
            return f"location = {value} {act}"
        if value == "/" or value.endswith("/"):
            return f"location {value} {act}"
        return f"location {value}/ {act} location = {value} {act}"

    def haproxy_cfg(self) -> str:
        """The converted routes: Exact first, then the longest prefix, by elements."""
        lines = ["defaults", " mode http", " timeout connect 5s", " timeout client 5s", " timeout server 5s"]
        lines += ["frontend f", f" bind 127.0.0.1:{self.new}"]
        matches = []
        for route in convert(INGRESSES, Options()).objects:
            if route["kind"] != "HTTPRoute":
                continue
            for rule in route["spec"]["rules"]:
                matches += [(host, match["path"], rule) for host in route["spec"]["hostnames"] for match in rule["matches"]]
        for host, said, rule in sorted(matches, key=lambda one: (one[1]["type"] != "Exact", -len(one[1]["value"]))):
            stem = said["value"].rstrip("/")
            where = f"{{ path {said['value']} }}" if said["type"] == "Exact" else f"{{ path -m reg ^{stem}(/|$) }}"
            condition = f"if {{ hdr(host) -i {host} }} {where}"
            redirects = [one["requestRedirect"] for one in rule.get("filters", []) if one["type"] == "RequestRedirect"]
            if redirects:
                lines += _redirect(redirects[0], host, condition)
            else:
                lines.append(f" use_backend {rule['backendRefs'][0]['name']} {condition}")
        lines += [" default_backend none", "backend none", " http-request deny deny_status 404"]
        for name, port in self.ports.items():
            lines += [f"backend {name}", f" server s 127.0.0.1:{port}"]
        return "\n".join(lines) + "\n"


def _redirect(to: dict[str, Any], host: str, condition: str) -> list[str]:
    """A redirect to another host is its address; one to a path keeps the query, as nginx does for its slash."""
    if "hostname" in to:
        where = f"{to['scheme']}://{to['hostname']}{to['path']['replaceFullPath']}"
        return [f" http-request redirect location {where} code {to['statusCode']} {condition}"]
    where = f"http://{host}{to['path']['replaceFullPath']}"
    asked = f" http-request redirect location {where}?%[query] code {to['statusCode']} {condition} {{ query -m found }}"
    return [asked, f" http-request redirect location {where} code {to['statusCode']} {condition}"]


def _answers(port: int) -> bool:
    import socket

    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@pytest.fixture
def planes(tmp_path: Path) -> Iterator[Planes]:
    require_program("nginx", "nginx-light")
    require_program("haproxy", "haproxy")
    running = Planes(tmp_path)
    running.start()
    yield running
    running.stop()


def access_log(rng: Random) -> list[str]:
    """As many different requests, near the edges of the paths."""
    found: dict[str, None] = {}
    while len(found) < REQUESTS:
        host, method = rng.choice(("a.com", "b.com", "c.com", "other.com")), rng.choice(("GET", "HEAD"))
        target = (rng.choice(STEMS) + rng.choice(("", f"/{rng.randint(0, 9999)}"))).replace("//", "/")
        query = rng.choice(("", f"?q={rng.randint(0, 9999)}"))
        found[f'- - - [now] "{method} http://{host}{target}{query} HTTP/1.1" 200 0'] = None
    return list(found)


def compared(planes: Planes, log: list[str], new: int) -> list[Different]:
    """What differs between the old data plane and a new one."""
    samples, _ = samples_of(log, "", REQUESTS)
    addresses = f"http://127.0.0.1:{planes.old}", f"http://127.0.0.1:{new}"
    return asyncio.run(replay(samples, *addresses, "X-Served-By", 32, lambda _: None))


def test_ten_thousand_requests_are_answered_alike(planes: Planes) -> None:
    log = access_log(Random(1))
    assert len(samples_of(log, "", REQUESTS)[0]) == REQUESTS
    found = compared(planes, log, planes.new)
    assert found == [], found[:5]


def test_a_data_plane_that_answers_otherwise_is_found(planes: Planes) -> None:
    found = compared(planes, access_log(Random(2))[:200], planes.ports["api"])
    assert {one.what for one in found} >= {"backend", "status"}
