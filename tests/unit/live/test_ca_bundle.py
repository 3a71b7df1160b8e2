"""The caBundle of definitions: ours in, expired ones out, those of others kept, nobody written over."""

import asyncio
import base64
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import pytest

from underway.certificates import Authority
from underway.crd.migration import DEFINITIONS
from underway.kube.request import Request
from underway.live.ca_bundle import bundle, keep
from underway.live.http import HttpApi
from underway.live.kubeconfig import connection
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.store import Store
from unit.crd.versions import INTEGER, crd

NAME = "things.tests.underway.dev"
NOW = datetime.now(UTC)
OURS, THEIRS = Authority("ours").certificate, Authority("theirs").certificate
EXPIRED = Authority("old", timedelta(seconds=-60)).certificate


@pytest.mark.parametrize(
    ("current", "wanted"),
    [
        (b"", OURS),
        (OURS, OURS),
        (THEIRS, THEIRS + OURS),
        (THEIRS + OURS, THEIRS + OURS),
        (EXPIRED + THEIRS, THEIRS + OURS),
        (b"\n", OURS),
        (b"placeholder", OURS),
    ],
    ids=range(7),
)
def test_a_bundle_has_ours_and_every_other_that_lives(current: bytes, wanted: bytes) -> None:
    assert bundle(current, OURS, NOW) == wanted


@pytest.fixture
def served(tmp_path: Path) -> Iterator[HttpsCluster]:
    server = ApiServer(Registry(Store(), lambda: 1_767_600_000_000, Random(1)))
    with HttpsCluster(server, directory=tmp_path) as running:
        yield running


def talked(served: HttpsCluster, definition: dict[str, Any], *names: str) -> tuple[list[str], str]:
    """Keep the bundle of a definition, twice; the sentences of the second time, and the bundle then."""

    async def run() -> tuple[list[str], str]:
        async with HttpApi(connection(str(served.kubeconfig), "")) as api:
            await api.call(Request(id=1, verb="create", resource=DEFINITIONS, body=definition))
            await keep(api, names, OURS)
            problems = await keep(api, names, OURS)
            read = await api.call(Request(id=2, verb="get", resource=DEFINITIONS, name=NAME))
            webhook = (read.body["spec"].get("conversion") or {}).get("webhook") or {}
            return problems, (webhook.get("clientConfig") or {}).get("caBundle", "")

    return asyncio.run(run())


def test_a_definition_comes_to_trust_us(served: HttpsCluster) -> None:
    definition = crd("v1", v1={"a": INTEGER}, v1alpha1={"a": INTEGER})
    client = {"url": "https://localhost:1/convert", "caBundle": base64.b64encode(THEIRS).decode()}
    definition["spec"]["conversion"] = {
        "strategy": "Webhook",
        "webhook": {"conversionReviewVersions": ["v1"], "clientConfig": client},
    }
    problems, found = talked(served, definition, NAME)
    assert problems == []
    assert base64.b64decode(found) == THEIRS + OURS


def test_what_cannot_be_seen_to_is_told(served: HttpsCluster) -> None:
    problems, _ = talked(served, crd("v1", v1={"a": INTEGER}), NAME, "others.tests.underway.dev")
    assert problems[0] == f"caBundle of {NAME}: the conversion strategy is None, not Webhook"
    assert 'customresourcedefinitions.apiextensions.k8s.io "others.tests.underway.dev" not found' in problems[1]
