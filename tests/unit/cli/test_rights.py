"""Rights asked for before anything is done from a terminal: `plan` and `rotate` against an embedded cluster over HTTPS."""

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from contextlib import redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from objects import cluster, node, pod
from underway.cli import rights
from underway.cli.main import main
from underway.kube import resource as r
from underway.kube.reply import Reply
from underway.kube.request import Request
from underway.live.http import HttpApi
from underway.rotate.driver import Driver
from underway.rotate.spec import Rotation, RotationMetadata, RotationSpec, Target
from underway.sim.apiserver.access import Attributes
from underway.sim.apiserver.https import HttpsCluster
from underway.sim.scenario import random_scenario
from underway.sim.world.world import World

SETTLED_MS = 60_000  # every pod runs by then


class Terminal:
    """The command line, and what its user is allowed in the cluster. cluster: read only."""

    def __init__(self, world: World, served: HttpsCluster, folder: Path) -> None:
        self.world, self._served, self._file = world, served, folder / "rotation.yaml"

    def __call__(self, command: str, may: Callable[[Attributes], bool], *arguments: str, **spec: Any) -> tuple[int, str, str]:
        """Run a command as somebody who may do so much: exit code, stdout, stderr."""
        self._served.front.authorize = lambda _user, asked: bool(asked.path) or may(asked)
        machines = {"provider": "Command", "command": ["./machines"]}
        whole = {"target": {"kubeletVersion": "v1.99.0"}, "machines": machines, **spec}
        body = {"apiVersion": "underway.dev/v1", "kind": "Rotation", "metadata": {"name": "workers"}, "spec": whole}
        self._file.write_text(yaml.safe_dump(body))
        out, err = io.StringIO(), io.StringIO()
        with redirect_stdout(out), redirect_stderr(err), pytest.raises(SystemExit) as ended:
            main([command, "-f", str(self._file), *arguments, "--kubeconfig", str(self._served.kubeconfig)])
        return int(ended.value.code or 0), " ".join(out.getvalue().split()), err.getvalue()

    def leases(self) -> int:
        with self._served.lock:
            return len(list(self.world.store.values(r.LEASES)))


@pytest.fixture(scope="module")
def terminal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terminal]:
    world = World(random_scenario(3), 3)
    world.start()
    world.queue.run_until(world.queue.now_ms() + SETTLED_MS)
    with HttpsCluster(world.server) as served:
        yield Terminal(world, served, tmp_path_factory.mktemp("rights"))


def all_but(*refused: tuple[str, str]) -> Callable[[Attributes], bool]:
    return lambda asked: (asked.verb, asked.resource) not in refused


def test_rotate_names_all_that_is_missing_at_once_and_changes_nothing(terminal: Terminal) -> None:
    may = all_but(("patch", "nodes"), ("watch", "pods"), ("create", "pods/eviction"), ("create", "leases"))
    code, _, said = terminal("rotate", may)
    assert code == 3
    missing = "watch pods; patch nodes; create leases.coordination.k8s.io in namespace kube-system; create pods/eviction"
    assert f"nothing was changed: you may not {missing}\n" in said
    assert '- {apiGroups: [""], resources: ["pods/eviction"], verbs: [create]}' in said
    assert "deploy/rbac.yaml" in said
    assert terminal.leases() == 0


def test_what_a_rotation_asks_for_besides_is_asked_for(terminal: Terminal) -> None:
    may = all_but(("patch", "deployments/scale"))
    assert "patch deployments.apps/scale" in terminal("rotate", may, drain={"singleReplica": "Surge"})[2]
    assert "deployments" not in terminal("rotate", may)[2]


def test_a_user_who_may_not_look_is_told_everything_in_one_message(terminal: Terminal) -> None:
    code, _, said = terminal("plan", lambda asked: asked.resource == "nodes")
    assert code == 3
    assert "you may not list, watch pods; list, watch persistentvolumes; list, watch poddisruptionbudgets.policy" in said
    assert "create pods/eviction" in said


def test_plan_says_what_rotate_would_refuse(terminal: Terminal) -> None:
    code, shown, _ = terminal("plan", all_but(("delete", "nodes")), "-o", "json")
    assert code == 1
    assert json.loads(shown)["refused"] == ["delete nodes"]
    assert "refused you may not delete nodes, which a rotation does" in terminal("plan", all_but(("delete", "nodes")))[1]
    assert json.loads(terminal("plan", all_but(), "-o", "json")[1])["refused"] == []


def test_a_namespace_that_is_refused_blocks_the_nodes_of_its_pods_by_name(terminal: Terminal) -> None:
    def may(asked: Attributes) -> bool:
        return asked.resource != "pods/eviction" or asked.namespace == "data"

    code, shown, _ = terminal("plan", may, "-o", "json")
    plan = json.loads(shown)
    assert code == 1
    assert plan["refused"] == []
    assert "you may not create pods/eviction in namespace shop: nodes with pods there are left alone" in plan["warnings"]
    blocked = [one for one in plan["blockers"] if "is in namespace shop, where Underway may not evict" in one["reason"]]
    assert blocked
    assert {one["node"] for one in blocked}.isdisjoint(one["node"] for one in plan["order"])
    code, shown, said = terminal("rotate", may)
    assert code == 1
    assert "namespace shop, where Underway may not evict" in shown
    assert "nothing was changed" in said


class Reviewer:
    """An API server that says where pods may be evicted. open: in which namespaces, "" for everywhere."""

    def __init__(self) -> None:
        self.open: set[str] = set()

    async def call(self, request: Request) -> Reply:
        await asyncio.sleep(0)
        namespace = request.body["spec"]["resourceAttributes"].get("namespace", "")
        return Reply(request=request, code=201, body={"status": {"allowed": bool(self.open & {"", namespace})}})


class Attended:
    """A driver that is told where it may evict. After each time that it is told, the next of `grants` is made."""

    def __init__(self, reviewer: Reviewer, grants: list[str]) -> None:
        self.rotation = Rotation(RotationMetadata("r"), RotationSpec(Target(kubelet_version="v1.37.2")))
        self.snapshot = cluster(node("n1"), pod("a", "n1"))
        self.told: list[frozenset[str] | None] = []
        self._reviewer, self._grants = reviewer, grants

    def permit(self, namespaces: frozenset[str] | None) -> None:
        self.told.append(namespaces)
        self._reviewer.open.update(self._grants[:1])
        del self._grants[:1]


def test_a_terminal_hears_of_a_namespace_that_is_granted_later(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rights, "AGAIN_S", 0.0)
    reviewer = Reviewer()
    driver = Attended(reviewer, ["shop", ""])
    asyncio.run(rights.watched(cast("HttpApi", reviewer), cast("Driver", driver), asyncio.Event()))
    assert driver.told == [frozenset(), {"shop"}, None]


def test_a_server_that_refuses_the_question_is_no_reason_to_stop(terminal: Terminal) -> None:
    from underway.sim.apiserver import reviews

    asked: list[str] = []

    def silent(*arguments: Any) -> Any:
        from underway.sim.apiserver.status import StatusError

        if arguments[0] == reviews.ACCESS:
            asked.append(arguments[0])
            raise StatusError(403, "Forbidden", "selfsubjectaccessreviews is forbidden")
        return None

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reviews, "answer", silent)
        code, shown, said = terminal("plan", all_but(), "-o", "json")
    assert "not known what you may do: cannot ask for selfsubjectaccessreviews: selfsubjectaccessreviews is forbidden" in said
    assert json.loads(shown)["refused"] == []
    assert code == 1  # kubelet v1.99.0 is newer than the API server
    assert 1 <= len(asked) <= 8, "one refusal is enough"
