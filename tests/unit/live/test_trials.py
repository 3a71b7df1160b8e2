"""Dry-run evictions against an API server: what is sent, what an answer means, and that nothing changes."""

import asyncio
import json
from pathlib import Path
from random import Random
from typing import Any

import pytest

from underway.cli.main import main
from underway.kube.reply import Reply, Status, StatusCause, StatusDetails
from underway.kube.request import Request
from underway.kube.resource import NAMESPACES, POD_DISRUPTION_BUDGETS, PODS
from underway.lint.objects.meta import Metadata
from underway.lint.objects.pod import Pod
from underway.lint.picture import Skipped
from underway.lint.trials import Trial
from underway.live.trials import Trials, trial_of, tried
from underway.sim.apiserver.access import User
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.store import Store

POD = Pod(metadata=Metadata(name="web-0", namespace="shop", uid="u"))


class Answering:
    """Answers each request alike."""

    def __init__(self, code: int, message: str = "", *causes: StatusCause) -> None:
        self.code, self.status = code, Status(message=message, details=StatusDetails(causes=causes))
        self.asked: list[Request] = []

    async def fetch(self, request: Request, _bytes_max: int) -> Reply:
        self.asked.append(request)
        return Reply(request=request, code=self.code, status=self.status if self.code >= 400 else None)

    async def pause(self, delay_ms: int) -> None:
        raise AssertionError(f"nothing is asked twice ({delay_ms})")


def meaning(api: Answering) -> tuple[Trials, tuple[Skipped, ...]]:
    return asyncio.run(tried(api, (POD,)))


def test_a_trial_says_twice_that_it_is_one_and_names_the_very_pod() -> None:
    request = trial_of(1, POD)
    assert request.url == "/api/v1/namespaces/shop/pods/web-0/eviction?dryRun=All"
    assert request.body["deleteOptions"] == {"dryRun": ["All"], "preconditions": {"uid": "u"}}


def test_a_refusal_by_a_budget_is_one() -> None:
    cause = StatusCause("DisruptionBudget", "The disruption budget web needs 2 healthy pods and has 2 currently")
    (trial,) = meaning(Answering(429, "Cannot evict pod", cause))[0].values()
    assert trial == Trial("web-0", refused=True, why=cause.message)


def test_two_budgets_are_a_refusal() -> None:
    (trial,) = meaning(Answering(500, "This pod has more than one PodDisruptionBudget, which is not supported."))[0].values()
    assert trial.refused


def test_leave_to_go_is_no_refusal() -> None:
    (trial,) = meaning(Answering(201))[0].values()
    assert not trial.refused


@pytest.mark.parametrize(
    ("code", "message", "reason"),
    [
        (403, "forbidden", "needs the verb create on pods/eviction in namespace shop: forbidden"),
        (429, "too many requests", "a dry run of evicting shop/web-0 proved nothing: too many requests"),
        (500, "oops", "a dry run of evicting shop/web-0 proved nothing: oops"),
    ],
)
def test_other_answers_prove_nothing_and_say_so(code: int, message: str, reason: str) -> None:
    assert meaning(Answering(code, message)) == ({}, (Skipped("Eviction", reason),))


def test_a_pod_that_is_gone_holds_nothing_up() -> None:
    assert meaning(Answering(404, "not found")) == ({}, ())


# On the embedded API server, over HTTPS.


def cluster(folder: Path, **settings: Any) -> tuple[HttpsCluster, Registry]:
    registry = Registry(Store(), lambda: 0, Random(1))
    registry.create(NAMESPACES, {"metadata": {"name": "shop"}, "spec": {}})
    metadata = {"name": "web-0", "namespace": "shop", "labels": {"app": "web"}}
    ready = {"phase": "Running", "conditions": [{"type": "Ready", "status": "True"}]}
    registry.create(PODS, {"metadata": metadata, "spec": {"nodeName": "a", "containers": [{"name": "web"}]}, "status": ready})
    spec = {"minAvailable": 1, "selector": {"matchLabels": {"app": "web"}}}
    status = {"observedGeneration": 1, "expectedPods": 1, "currentHealthy": 1, "desiredHealthy": 1, "disruptionsAllowed": 0}
    registry.create(POD_DISRUPTION_BUDGETS, {"metadata": {"name": "web", "namespace": "shop"}, "spec": spec, "status": status})
    return HttpsCluster(ApiServer(registry), directory=folder, **settings), registry


def lint(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any, str]:
    with pytest.raises(SystemExit) as ended:
        main(["lint", "run", "-c", "pdb-blocks-drain", "-o", "json", *arguments])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), json.loads(out) if out else None, err


def test_what_is_refused_is_proven_and_nothing_has_changed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    served, registry = cluster(tmp_path)
    with served as running:
        before = registry.store.revision
        code, report, _ = lint(capsys, "--kubeconfig", str(running.kubeconfig), "--try-evictions")
        assert registry.store.revision == before
    (finding,) = report["findings"]
    assert (code, finding["evidence"], finding["severity"]) == (1, "proven", "error")
    assert finding["message"].endswith(
        "a dry run of evicting web-0 was refused: The disruption budget web needs 1 healthy pods and has 1 currently"
    )


def test_who_may_not_evict_is_told_what_it_needs(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def authorize(_user: User, call: Any) -> bool:
        return bool(call.resource != "pods/eviction")

    served, _ = cluster(tmp_path, authorize=authorize)
    with served as running:
        code, report, err = lint(capsys, "--kubeconfig", str(running.kubeconfig), "--try-evictions")
    assert (code, report["findings"][0]["evidence"]) == (1, "static")
    assert "skipped: Eviction: needs the verb create on pods/eviction in namespace shop" in err


def test_files_are_not_asked(capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = lint(capsys, "-f", "-", "--try-evictions")
    assert (code, err) == (2, "underway: --try-evictions asks a live cluster; leave out -f and --snapshot\n")
