"""The command line at its edge: exit codes and sentences, never a traceback."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROTATION = """\
apiVersion: underway.dev/v1
kind: Rotation
metadata: {name: workers}
spec:
  target: {kubeletVersion: v1.37.2}
  machines: {provider: Command, command: [./machines]}
"""
KUBECONFIG = """\
apiVersion: v1
kind: Config
current-context: here
clusters: [{name: c, cluster: {server: "https://127.0.0.1:1"}}]
users: [{name: u, user: {token: t}}]
contexts: [{name: here, context: {cluster: c, user: u}}]
"""


def underway(*arguments: str, stdin: str = "") -> "subprocess.CompletedProcess[str]":
    command = [sys.executable, "-m", "underway", *arguments]
    return subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, env={"HOME": "/nonexistent"})


@pytest.fixture
def files(tmp_path: Path) -> Path:
    (tmp_path / "r.yaml").write_text(ROTATION)
    (tmp_path / "config").write_text(KUBECONFIG)
    return tmp_path


def test_help_shows_an_example_for_each_command() -> None:
    for name in ("demo", "plan", "rotate", "status", "freeze", "resume", "snapshot", "ingress", "ingress match", "ingress prove"):
        done = underway(*name.split(), "--help")
        assert done.returncode == 0
        assert f"Example: underway {name}" in " ".join(done.stdout.split()), name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", ":2: key 'a' stands twice"),
        ("a: [1\n", "did not find expected ',' or ']'"),
        ("a: 1\n---\nb: 2\n", ": holds 2 documents; one is wanted"),
        ("- 1\n", ": holds no object; a Rotation begins with apiVersion: underway.dev/v1"),
        ("apiVersion: v1\n", ": apiVersion: invalid enum value 'v1'"),
        (ROTATION.replace("  target: {kubeletVersion: v1.37.2}\n", ""), ": spec: object missing required field `target`"),
    ],
)
def test_malformed_rotations_are_refused_with_file_and_line(files: Path, text: str, message: str) -> None:
    (files / "r.yaml").write_text(text)
    done = underway("plan", "-f", str(files / "r.yaml"))
    assert done.returncode == 2
    assert message in done.stderr
    assert "Traceback" not in done.stderr


def test_a_missing_file() -> None:
    done = underway("plan", "-f", "/nonexistent/r.yaml")
    assert (done.returncode, done.stderr) == (2, "underway: /nonexistent/r.yaml: cannot be read: No such file or directory\n")


def test_no_kubeconfig_points_to_the_demo(files: Path) -> None:
    done = underway("plan", "-f", str(files / "r.yaml"))
    assert done.returncode == 2
    assert "name one with --kubeconfig, or try `underway demo`" in done.stderr


def test_an_unknown_context_names_those_that_there_are(files: Path) -> None:
    done = underway("status", "--kubeconfig", str(files / "config"), "--context", "there")
    assert done.returncode == 2
    assert "no context 'there'; there are: here" in done.stderr


def test_a_dead_server_says_where_it_should_be(files: Path) -> None:
    done = underway("freeze", "--kubeconfig", str(files / "config"))
    assert done.returncode == 3
    assert "https://127.0.0.1:1 (context 'here') does not answer" in done.stderr
    assert "is it running, and is the address right?" in done.stderr


def test_plan_on_a_snapshot_tells_blockers_and_exits_1(files: Path) -> None:
    objects = {
        "Node": [
            {"metadata": {"name": "n", "uid": "u"}, "status": {"nodeInfo": {"kubeletVersion": "v1.36.1"}}},
        ],
        "Pod": [
            {
                "metadata": {"name": "bare", "namespace": "shop", "uid": "p"},
                "spec": {"nodeName": "n"},
                "status": {"phase": "Running"},
            }
        ],
    }
    saved = {
        "apiVersion": "underway.dev/v1",
        "kind": "Snapshot",
        "serverVersion": "v1.36.1",
        "takenAt": "now",
        "objects": objects,
    }
    (files / "s.json").write_text(json.dumps(saved))
    done = underway("plan", "-f", str(files / "r.yaml"), "--snapshot", str(files / "s.json"), "-o", "json")
    assert done.returncode == 1, done.stderr
    made = json.loads(done.stdout)
    assert made["blockers"][0]["pod"] == "shop/bare"
    assert "has no controller: nothing would recreate it" in made["blockers"][0]["reason"]


def test_a_file_that_is_no_snapshot(files: Path) -> None:
    (files / "s.json").write_text("{}")
    done = underway("plan", "-f", str(files / "r.yaml"), "--snapshot", str(files / "s.json"))
    assert done.returncode == 2
    assert "not a snapshot" in done.stderr


def test_an_operator_that_cannot_listen_or_reach_its_cluster_says_so(files: Path) -> None:
    done = underway("operator", "--listen", "everywhere")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "underway: --listen everywhere: is not [HOST]:PORT, such as :8080 or 127.0.0.1:8080\n"
    done = underway("operator", "--kubeconfig", str(files / "config"))
    assert done.returncode == 3
    assert "does not answer" in done.stderr


def test_unknown_commands_and_options_are_usage_errors() -> None:
    assert underway("sink").returncode == 2
    assert underway("demo", "--fault", "kraken").returncode == 2


def test_help_imports_nothing_heavy() -> None:
    call = "underway.main(['--help'], standalone_mode=False)"
    code = f"import sys; from underway.cli.main import underway; {call}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert not loaded & {"rich", "aiohttp", "msgspec", "yaml", "uvicorn", "jinja2", "cryptography", "asyncio"}
