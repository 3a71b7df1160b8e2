"""The matcher of the Gateway API against the tables of its own conformance tests, read from their source.

Each file there has manifests and a table of requests with the backend, status, redirect or rewritten request that an
implementation must answer with. What speaks of TLS, of mirrors, of timing or of changes in between is not read here; unit
tests have its facts.
"""

import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from e2e.test_ingress_conversion import module
from go_literals import Literals
from underway.ingress.matchers.answer import Answer, headers_seen
from underway.ingress.matchers.gateway.parameters import Parameters
from underway.ingress.matchers.gateway.view import GatewayRouter
from underway.ingress.matchers.request import Request, request_of
from underway.ingress.objects.manifests import manifests_of

pytestmark = pytest.mark.e2e

CONFORMANCE = "sigs.k8s.io/gateway-api/conformance@v1.6.1"
INFRA = "gateway-conformance-infra"
ROWS_MIN = 170
FILES = (
    "gateway-http-listener-isolation",
    "httproute-303-redirect",
    "httproute-307-redirect",
    "httproute-308-redirect",
    "httproute-cross-namespace",
    "httproute-exact-path-matching",
    "httproute-header-matching",
    "httproute-hostname-intersection",
    "httproute-invalid-backendref-unknown-kind",
    "httproute-invalid-cross-namespace-backend-ref",
    "httproute-invalid-nonexistent-backendref",
    "httproute-listener-hostname-matching",
    "httproute-listener-port-matching",
    "httproute-matching",
    "httproute-matching-across-routes",
    "httproute-method-matching",
    "httproute-path-match-order",
    "httproute-query-param-matching",
    "httproute-redirect-host-and-status",
    "httproute-redirect-path",
    "httproute-redirect-port",
    "httproute-redirect-scheme",
    "httproute-request-header-modifier",
    "httproute-rewrite-host",
    "httproute-rewrite-path",
    "httproute-simple-same-namespace",
)
_TABLE = re.compile(r"(?:\[\]http\.ExpectedResponse|http\.ExpectedResponse)(?=\{)")
_GATEWAY = re.compile(r'(\w+) :?= types\.NamespacedName\{Name: "([^"]+)", Namespace: [^}]*\}')
_ADDRESS = re.compile(r"(\w+) :?= kubernetes\.GatewayAndHTTPRoutesMustBeAccepted\([^\n]*NewGatewayRef\((\w+)")


def rows(source: str, names: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Every row of every table, with the name of the Gateway that the file speaks of there."""
    found: list[tuple[str, dict[str, Any]]] = []
    for table in _TABLE.finditer(source):
        known = dict(_GATEWAY.findall(source[: table.start()]))
        addresses = _ADDRESS.findall(source[: table.start()])
        gateway = known.get(addresses[-1][1], "") if addresses else ""
        value = Literals(source, table.end(), names).value()
        found += [(gateway, one) for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]
    return found


@cache
def documents_of(path: Path) -> tuple[dict[str, Any], ...]:
    """The manifests of a file."""
    return tuple(one for one in yaml.safe_load_all(path.read_text()) if one)


@cache
def router(folder: Path, name: str, gateway: str) -> GatewayRouter:
    """The matcher over the manifests of a file, at one Gateway alone."""
    documents = documents_of(folder / "base" / "manifests.yaml") + documents_of(folder / "tests" / f"{name}.yaml")
    kept = [one for one in documents if one["kind"] != "Gateway" or not gateway or one["metadata"]["name"] == gateway]
    return GatewayRouter(manifests_of((one, "") for one in kept), Parameters(services_complete=True))


def asked(name: str, row: dict[str, Any]) -> Request:
    """The request of a row. A port in the Host header says nothing, save in the one file that connects to several ports."""
    given = row.get("Request") or {}
    host = given.get("Host") or "address.example"
    port = host.partition(":")[2] if name == "httproute-listener-port-matching" else ""
    headers = [f"{header}: {value}" for header, value in (given.get("Headers") or {}).items()]
    url = f"http://address.example{f':{port}' if port else ''}{given.get('Path') or '/'}"
    return request_of(url, given.get("Method") or "GET", (*headers, f"Host: {host}"))


def complaint(row: dict[str, Any], request: Request, answer: Answer) -> str:
    """What differs from the row, or ""."""
    response = row.get("Response") or {}
    status = response.get("StatusCode") or (response.get("StatusCodes") or [0])[0]
    redirect = row.get("RedirectRequest")
    if redirect is not None:
        wanted = [redirect.get("Scheme"), redirect.get("Host"), redirect.get("Path")]
        right = (
            answer.answer == "redirect" and answer.status == status and all(part in answer.location for part in wanted if part)
        )
        port = redirect.get("Port")
        if right and port and f":{port}" not in answer.location and port not in ("80", "443"):
            right = False
        return "" if right else f"wanted {status} {redirect}, got {answer.status} {answer.location}"
    if status in (404, 500):
        return "" if answer.answer == "none" and answer.status == status else f"wanted {status}, got {answer}"
    names = [one.name for one in answer.backends if not one.status]
    if row.get("Backend") not in names:
        return f"wanted {row.get('Backend')}, got {names or answer.status}"
    seen = (row.get("ExpectedRequest") or {}).get("Request") or {}
    path = (seen.get("Path") or "").partition("?")[0]
    if path and path != (answer.path or request.path):
        return f"wanted path {path}, got {answer.path}"
    if seen.get("Host") and seen["Host"] != (answer.host or request.host):
        return f"wanted host {seen['Host']}, got {answer.host}"
    headers = dict(headers_seen(answer, request))
    for name, value in (seen.get("Headers") or {}).items():
        if headers.get(name.lower()) != value:
            return f"wanted header {name}: {value}, got {headers}"
    absent = [name for name in (row.get("ExpectedRequest") or {}).get("AbsentHeaders") or () if name.lower() in headers]
    return f"wanted no {absent}" if absent else ""


def test_every_row_of_the_conformance_tables_is_answered_so() -> None:
    folder = module(CONFORMANCE)
    constants = (folder / "utils" / "suite" / "consts.go").read_text()
    names = {f"confsuite.{name}": value for name, value in re.findall(r'(\w+)\s*=\s*"([^"]+)"', constants)} | {"ns": INFRA}
    complaints, count = [], 0
    for name in FILES:
        source = (folder / "tests" / f"{name}.go").read_text()
        for gateway, row in rows(source, names):
            matcher = router(folder, name, gateway)
            request = asked(name, row)
            view = matcher.views("http", request.host, request.port)[0]
            count += 1
            if why := complaint(row, request, view.answer(request)):
                complaints.append(f"{name}: {request.url} at {gateway}: {why}")
    assert not complaints, "\n".join(complaints)
    assert count >= ROWS_MIN
