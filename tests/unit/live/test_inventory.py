"""Reading a cluster for lint: what goes wrong on the way costs one kind at most, and says so."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import Any

import pytest

from underway.cli.main import main
from underway.kube.reply import NO_ANSWER, Reply, Status, StatusMeta
from underway.kube.request import Request
from underway.kube.resource import DEPLOYMENTS, NAMESPACES, PODS
from underway.lint.requested import REQUESTED, RequestedAPI
from underway.live.inventory import ATTEMPTS_MAX, Inventory, inventory
from underway.live.reading import from_file, objects_from_file, snapshot_file, to_file
from underway.sim.apiserver.access import User
from underway.sim.apiserver.catalogue import CONFIG_MAPS, SECRETS
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.apiserver.registry import Registry
from underway.sim.apiserver.server import ApiServer
from underway.sim.store import Store

Answer = Callable[[Request], Reply]


def pod(name: str, **changes: Any) -> dict[str, Any]:
    return {"metadata": {"name": name, "namespace": "shop", "uid": name}, "spec": {"containers": [{"name": "x"}]}, **changes}


def page(request: Request, items: list[dict[str, Any]], token: str = "") -> Reply:
    body = {"kind": "PodList", "metadata": {"continue": token}, "items": items}
    return Reply(request=request, code=200, body=json.dumps(body).encode())


def refused(request: Request, code: int, message: str, token: str = "") -> Reply:
    return Reply(request=request, code=code, status=Status(message=message, code=code, metadata=StatusMeta(continue_=token)))


class Scripted:
    """Answers from a script, one after the other; the last for ever."""

    def __init__(self, *answers: Answer) -> None:
        self.answers = list(answers)
        self.asked: list[Request] = []

    async def fetch(self, request: Request, _bytes_max: int) -> Reply:
        self.asked.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        return answer(request)

    async def pause(self, delay_ms: int) -> None:
        assert delay_ms > 0


def read(api: Scripted, *kinds: str) -> Inventory:
    return asyncio.run(inventory(api, kinds or ("Pod",)))


def names(found: Inventory) -> list[str]:
    return sorted(thing.name for thing in found.objects)


def test_the_first_list_is_answered_from_memory_and_is_followed_to_its_end() -> None:
    api = Scripted(lambda r: page(r, [pod("a")], "next"), lambda r: page(r, [pod("b")]))
    assert names(read(api)) == ["a", "b"]
    assert [dict(request.query) for request in api.asked] == [
        {"limit": "500", "resourceVersion": "0"},
        {"limit": "500", "continue": "next"},
    ]


def test_a_page_that_is_cut_off_is_asked_for_again() -> None:
    api = Scripted(lambda r: Reply(request=r, code=200, body=b'{"items":[{"meta'), lambda r: page(r, [pod("a")]))
    found = read(api)
    assert names(found) == ["a"]
    assert not found.skipped


def test_pages_that_stay_cut_off_cost_the_kind_and_keep_what_was_read() -> None:
    api = Scripted(lambda r: page(r, [pod("a")], "next"), lambda r: Reply(request=r, code=200, body=b'{"items":[{"meta'))
    found = read(api)
    assert names(found) == ["a"]
    (skipped,) = found.skipped
    assert skipped.reason.startswith("cannot list pods: the answer to GET /api/v1/pods cannot be read: Input data was truncated")
    assert skipped.reason.endswith("; 1 that were read before are kept")
    assert len(api.asked) == 1 + ATTEMPTS_MAX


def test_a_list_that_expires_goes_on_where_it_stood() -> None:
    api = Scripted(
        lambda r: page(r, [pod("a")], "next"), lambda r: refused(r, 410, "expired", "later"), lambda r: page(r, [pod("b")])
    )
    found = read(api)
    assert (names(found), found.skipped) == (["a", "b"], ())
    assert dict(api.asked[-1].query)["continue"] == "later"


def test_a_list_that_expires_without_a_token_begins_again_and_counts_each_once() -> None:
    api = Scripted(
        lambda r: page(r, [pod("a")], "next"), lambda r: refused(r, 410, "expired"), lambda r: page(r, [pod("a"), pod("b")])
    )
    assert names(read(api)) == ["a", "b"]


def test_a_list_that_always_expires_ends() -> None:
    found = read(Scripted(lambda r: page(r, [pod("a")], "next"), lambda r: refused(r, 410, "expired")))
    assert found.skipped[0].reason == "cannot list pods: expired; 1 that were read before are kept"


def test_an_answer_that_is_too_large_comes_in_pages() -> None:
    large = Status(message="the answer is larger than 64 bytes", reason="TooLarge")
    api = Scripted(lambda r: Reply(request=r, code=NO_ANSWER, status=large), lambda r: page(r, [pod("a")]))
    assert names(read(api)) == ["a"]
    assert "resourceVersion" not in dict(api.asked[1].query)


def test_a_group_that_disappears_while_it_is_read_is_named() -> None:
    api = Scripted(
        lambda r: page(r, [pod("a")], "next"), lambda r: refused(r, 404, "the server could not find the requested resource")
    )
    assert (
        read(api).skipped[0].reason == "the API server stopped serving pods while it was read; 1 that were read before are kept"
    )


def test_a_forbidden_kind_says_what_it_needs() -> None:
    (skipped,) = read(Scripted(lambda r: refused(r, 403, "secrets is forbidden")), "Secret").skipped
    assert (skipped.kind, skipped.reason) == ("Secret", "needs the verb list on secrets: secrets is forbidden")


def test_a_kind_that_is_not_served_is_skipped_unless_it_is_custom() -> None:
    found = read(Scripted(lambda r: refused(r, 404, "not found")), "LimitRange", "VolumeSnapshot", "CronJob")
    assert [one.reason for one in found.skipped] == [
        "the API server serves no cronjobs.batch",
        "the API server serves no limitranges",
    ]


def test_an_object_that_is_not_as_the_api_says_costs_itself_alone() -> None:
    odd = pod("odd", spec={"containers": "none"})
    nulls = pod("nulls", spec={"containers": None, "nodeName": None})
    found = read(Scripted(lambda r: page(r, [odd, nulls, pod("a")])))
    assert names(found) == ["a", "nulls"]
    assert found.skipped[0].reason == "Pod shop/odd cannot be read: Expected `array`, got `str` - at `$.spec.containers`"


def test_replicas_share_what_they_have_in_common() -> None:
    owner = [{"kind": "ReplicaSet", "name": "web", "uid": "rs", "controller": True}]
    pods = [pod(name) for name in ("a", "b")]
    for one in pods:
        one["metadata"]["ownerReferences"] = owner
    first, second = read(Scripted(lambda r: page(r, pods))).objects
    assert first.spec.containers is second.spec.containers  # type: ignore[attr-defined]  # both are pods
    assert (first.name, second.name) == ("a", "b")


# On the embedded API server, over HTTPS.

TOKEN = "let me in"  # noqa: S105  # it opens nothing


def cluster(folder: Path, **settings: Any) -> HttpsCluster:
    registry = Registry(Store(), lambda: 0, Random(1))
    registry.create(NAMESPACES, {"metadata": {"name": "shop"}, "spec": {}})
    applied = json.dumps({"apiVersion": "v1", "kind": "Secret", "data": {"password": "aHVudGVyMg=="}})
    annotations = {"kubectl.kubernetes.io/last-applied-configuration": applied, "lint.underway.dev/ignore": "a: b"}
    secret = {"metadata": {"name": "db", "namespace": "shop", "annotations": annotations}, "data": {"password": "aHVudGVyMg=="}}
    registry.create(SECRETS, secret)
    registry.create(CONFIG_MAPS, {"metadata": {"name": "web", "namespace": "shop"}, "data": {"password": "hunter2"}})
    containers = [{"name": "web", "image": "web", "env": [{"name": "PASSWORD", "value": "hunter2"}]}]
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": containers}}
    deployment = {"metadata": {"name": "web", "namespace": "shop"}, "spec": {"selector": {}, "template": template}}
    registry.create(DEPLOYMENTS, deployment)
    registry.create(PODS, {"metadata": {"name": "bare", "namespace": "shop"}, "spec": {"containers": containers}})
    return HttpsCluster(ApiServer(registry), directory=folder, **settings)


def command(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(list(arguments))
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def test_the_live_cluster_is_linted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with cluster(tmp_path) as running:
        asked = ("-c", "latest-tag,unused-secret,bare-pods", "--fail-on", "warning", "-o", "json")
        code, out, err = command(capsys, "lint", "run", "--kubeconfig", str(running.kubeconfig), *asked)
    found = {(one["rule"], one["object"]["kind"], one["object"]["name"]) for one in json.loads(out)["findings"]}
    assert found == {
        ("latest-tag", "Deployment", "web"),
        ("latest-tag", "Pod", "bare"),
        ("bare-pods", "Pod", "bare"),
        ("unused-secret", "Secret", "db"),
    }
    assert code == 1
    assert "objects from v" in err


def test_every_rule_runs_on_the_embedded_cluster(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with cluster(tmp_path) as running:
        code, out, _ = command(capsys, "lint", "run", "--kubeconfig", str(running.kubeconfig), "-o", "json")
    assert (code, json.loads(out)["skipped"]) == (0, [])


GAUGE = (
    'apiserver_requested_deprecated_apis{{group="policy",removed_release="1.25",resource="poddisruptionbudgets",'
    'subresource="{}",version="v1beta1"}} 1\n'
)
ASKED = (
    "# HELP apiserver_requested_deprecated_apis Gauge of deprecated APIs that have been requested.\n"
    "# TYPE apiserver_requested_deprecated_apis gauge\n"
    f'{GAUGE.format("")}{GAUGE.format("status")}apiserver_request_total{{code="200",verb="GET"}} 12\n'
).encode()


def test_what_clients_asked_for_is_read_off_the_api_server() -> None:
    found = read(Scripted(lambda r: Reply(request=r, code=200, body=ASKED)), REQUESTED)
    assert found.requested == (RequestedAPI("policy", "v1beta1", "poddisruptionbudgets", "1.25"),)
    assert not found.skipped


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (lambda r: refused(r, 403, "forbidden"), "needs the verb get on the path /metrics: forbidden"),
        (lambda r: refused(r, 500, "oops"), "cannot read /metrics: oops"),
        (
            lambda r: Reply(request=r, code=200, body=b'apiserver_requested_deprecated_apis{group="x" 1\n'),
            "the answer to GET /metrics cannot be read: ",
        ),
    ],
)
def test_what_clients_asked_for_is_skipped_where_it_cannot_be_read(answer: Answer, reason: str) -> None:
    (skipped,) = read(Scripted(answer), REQUESTED).skipped
    assert skipped.kind == REQUESTED
    assert skipped.reason.startswith(reason)


def test_a_snapshot_keeps_what_clients_asked_for() -> None:
    import msgspec

    asked = (RequestedAPI("policy", "v1beta1", "poddisruptionbudgets", "1.25"),)
    saved = msgspec.json.encode(to_file(Inventory((), (), asked), "v1.24.0", "2026-11-25T00:00:00Z"))
    assert objects_from_file(snapshot_file(saved, "file"), "file").requested == asked


def test_what_may_not_be_read_is_skipped_and_the_rest_is_linted(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def authorize(_user: User, call: Any) -> bool:
        return bool(call.resource != "secrets")

    with cluster(tmp_path, authorize=authorize) as running:
        code, out, err = command(
            capsys, "lint", "run", "--kubeconfig", str(running.kubeconfig), "-c", "unused-secret,bare-pods", "-o", "json"
        )
    assert code == 4
    report = json.loads(out)
    assert [one["rule"] for one in report["findings"]] == ["bare-pods"]
    (secret,) = (one for one in report["skipped"] if one["kind"] == "Secret")
    assert secret["reason"].startswith("needs the verb list on secrets: ")
    assert "rule unused-secret was not run: it needs Secret" in err


def test_a_snapshot_holds_what_lint_and_plan_read_and_no_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with cluster(tmp_path) as running:
        _, out, _ = command(capsys, "snapshot", "--kubeconfig", str(running.kubeconfig))
    assert "hunter2" not in out
    assert "aHVudGVyMg" not in out
    saved = objects_from_file(snapshot_file(out.encode(), "file"), "file")
    assert {thing.kind for thing in saved.objects} >= {"Pod", "Secret", "ConfigMap", "Deployment", "Namespace"}
    (secret,) = (thing for thing in saved.objects if thing.kind == "Secret")
    assert secret.metadata.annotations == {"lint.underway.dev/ignore": "a: b"}
    assert [one.metadata.name for one in from_file(snapshot_file(out.encode(), "file"), "file")["Pod"]] == ["bare"]
    file = tmp_path / "cluster.json"
    file.write_text(out)
    code, out, _ = command(capsys, "lint", "run", "--snapshot", str(file), "-c", "bare-pods", "-o", "json")
    assert [one["object"]["name"] for one in json.loads(out)["findings"]] == ["bare"]
    assert code in (0, 4)


def test_a_snapshot_without_pods_is_none_for_plan() -> None:
    import msgspec

    from underway.errors import UsageError
    from underway.lint.picture import Skipped

    saved = to_file(Inventory((), (Skipped("Pod", "needs the verb list on pods"),)), "v1.37.0", "2026-11-25T00:00:00Z")
    with pytest.raises(UsageError, match="lacks every Pod: needs the verb list on pods; take the snapshot again"):
        from_file(snapshot_file(msgspec.json.encode(saved), "cluster.json"), "cluster.json")
