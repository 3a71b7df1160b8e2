"""A real control plane on this machine: etcd, kube-apiserver, kube-controller-manager, kube-scheduler and kwok, on loopback.

    with ControlPlane() as cluster:
        cluster.add_nodes(3, version="v1.36.3")
        cluster.kubectl("get", "nodes")

Everything lives in one temporary folder and ends with it; only processes started here are ended, by their id. Settings:
README.md beside this file.
"""

import base64
import json
import shutil
import socket
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

import build
from authority import Authority, service_account_key

HERE = Path(__file__).resolve().parent
READY_S_MAX = 90.0
POLL_S = 0.1
END_S_MAX = 10.0
TOO_MANY_REQUESTS = 429


def free_port() -> int:
    """A loopback port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ControlPlane:
    """One control plane. Use as a context manager.

    controllers: False leaves etcd and kube-apiserver alone, so that nobody but the caller changes an object. features: gates to
    open in the API server and its controllers; apis: group versions to serve beside those that are served by default. scored: the
    scheduler's percentageOfNodesToScore, 0 for its own rule.
    """

    def __init__(
        self, *, controllers: bool = True, features: Sequence[str] = (), apis: Sequence[str] = (), scored: int = 0
    ) -> None:
        self._scored = scored
        self._with_controllers = controllers
        self._gates = [f"--feature-gates={name}=true" for name in features]
        self._apis = [f"--runtime-config={name}=true" for name in apis]
        self._bin = build.binaries()
        self.folder = Path(tempfile.mkdtemp(prefix="underway-e2e-"))
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._authority = Authority("underway-e2e")
        self._etcd_port, self._peer_port, self.port = free_port(), free_port(), free_port()
        self.server = f"https://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def stop(self) -> None:
        """End the processes, last started first, and remove the folder."""
        for process in reversed(self._processes.values()):
            # One after the other: kube-apiserver takes its time when etcd is gone before it.
            process.terminate()
            try:
                process.wait(END_S_MAX)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self._processes.clear()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _start(self) -> None:
        self._certificates()
        self.admin = self.kubeconfig("admin", ("system:masters",))
        self._run(
            "etcd",
            f"--data-dir={self.folder / 'etcd'}",
            f"--listen-client-urls=http://127.0.0.1:{self._etcd_port}",
            f"--advertise-client-urls=http://127.0.0.1:{self._etcd_port}",
            f"--listen-peer-urls=http://127.0.0.1:{self._peer_port}",
            f"--initial-advertise-peer-urls=http://127.0.0.1:{self._peer_port}",
            f"--initial-cluster=default=http://127.0.0.1:{self._peer_port}",
            "--unsafe-no-fsync",
            "--log-level=warn",
        )
        self._wait_for("etcd", f"http://127.0.0.1:{self._etcd_port}/health")
        self._apiserver()
        self._wait_for("kube-apiserver", f"{self.server}/readyz")
        if self._with_controllers:
            self._controllers()
            self._kwok()

    def _certificates(self) -> None:
        (self.folder / "ca.crt").write_bytes(self._authority.pem)
        self._authority.write(self.folder, "apiserver", "kube-apiserver", server=True)
        self._authority.write(self.folder, "front-proxy", "front-proxy-client")
        service_account_key(self.folder)

    def _apiserver(self) -> None:
        folder = self.folder
        self._run(
            "kube-apiserver",
            f"--etcd-servers=http://127.0.0.1:{self._etcd_port}",
            "--bind-address=127.0.0.1",
            "--advertise-address=127.0.0.1",
            f"--secure-port={self.port}",
            "--endpoint-reconciler-type=none",
            f"--tls-cert-file={folder / 'apiserver.crt'}",
            f"--tls-private-key-file={folder / 'apiserver.key'}",
            f"--client-ca-file={folder / 'ca.crt'}",
            "--service-account-issuer=https://kubernetes.default.svc",
            f"--service-account-key-file={folder / 'sa.pub'}",
            f"--service-account-signing-key-file={folder / 'sa.key'}",
            f"--requestheader-client-ca-file={folder / 'ca.crt'}",
            "--requestheader-allowed-names=front-proxy-client",
            "--requestheader-extra-headers-prefix=X-Remote-Extra-",
            "--requestheader-group-headers=X-Remote-Group",
            "--requestheader-username-headers=X-Remote-User",
            f"--proxy-client-cert-file={folder / 'front-proxy.crt'}",
            f"--proxy-client-key-file={folder / 'front-proxy.key'}",
            "--enable-aggregator-routing=true",
            "--service-cluster-ip-range=10.0.0.0/16",
            "--authorization-mode=Node,RBAC",
            "--max-requests-inflight=0",
            "--max-mutating-requests-inflight=0",
            "--enable-priority-and-fairness=false",
            f"--audit-policy-file={self._audit_policy()}",
            f"--audit-log-path={self.audit_log}",
            *self._gates,
            *self._apis,
        )

    @property
    def etcd(self) -> str:
        """The address of etcd, which takes JSON too (/v3/kv/...): many objects are there sooner than through the API."""
        return f"http://127.0.0.1:{self._etcd_port}"

    @property
    def audit_log(self) -> Path:
        """What service accounts have asked for, one JSON audit event (audit.k8s.io/v1) a line."""
        return self.folder / "audit.log"

    def _audit_policy(self) -> Path:
        """Only what pods ask: nobody else's rights are examined, and the log stays small."""
        rules = [{"level": "Metadata", "userGroups": ["system:serviceaccounts"], "omitStages": ["RequestReceived"]}]
        path = self.folder / "audit-policy.yaml"
        policy = {"apiVersion": "audit.k8s.io/v1", "kind": "Policy", "rules": [*rules, {"level": "None"}]}
        path.write_text(yaml.safe_dump(policy))
        return path

    def _controllers(self) -> None:
        manager = self.kubeconfig("system:kube-controller-manager", file="manager")
        qps = ("--kube-api-qps=1000", "--kube-api-burst=2000")
        self._run(
            "kube-controller-manager",
            f"--kubeconfig={manager}",
            f"--authentication-kubeconfig={manager}",
            f"--authorization-kubeconfig={manager}",
            f"--service-account-private-key-file={self.folder / 'sa.key'}",
            f"--root-ca-file={self.folder / 'ca.crt'}",
            "--use-service-account-credentials=true",
            "--horizontal-pod-autoscaler-sync-period=1s",  # 15 s by default, and tests would wait for it
            "--leader-elect=false",
            "--bind-address=127.0.0.1",
            f"--secure-port={free_port()}",
            *qps,
            *self._gates,
        )
        scheduler = self.kubeconfig("system:kube-scheduler", file="scheduler")
        settings = (f"--kubeconfig={scheduler}", "--leader-elect=false", *qps)
        self._run(
            "kube-scheduler",
            *((f"--config={self._scheduler_config(scheduler)}",) if self._scored else settings),
            f"--authentication-kubeconfig={scheduler}",
            f"--authorization-kubeconfig={scheduler}",
            "--bind-address=127.0.0.1",
            f"--secure-port={free_port()}",
        )

    def _scheduler_config(self, kubeconfig: Path) -> Path:
        """What no flag sets; with a file, flags of the same matters are not heeded."""
        path = self.folder / "scheduler.yaml"
        config = {
            "apiVersion": "kubescheduler.config.k8s.io/v1",
            "kind": "KubeSchedulerConfiguration",
            "clientConnection": {"kubeconfig": str(kubeconfig), "qps": 1000, "burst": 2000},
            "leaderElection": {"leaderElect": False},
            "percentageOfNodesToScore": self._scored,
        }
        path.write_text(yaml.safe_dump(config))
        return path

    def _kwok(self) -> None:
        self._run(
            "kwok",
            f"--kubeconfig={self.admin}",
            f"--config={HERE / 'stages.yaml'}",
            "--manage-all-nodes=true",
            "--node-lease-duration-seconds=40",
            f"--server-address=127.0.0.1:{free_port()}",
        )

    def _run(self, name: str, *arguments: str) -> None:
        log = (self.folder / f"{name}.log").open("wb")
        self._processes[name] = subprocess.Popen(
            [self._bin / name, *arguments], stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=self.folder
        )
        log.close()

    def _wait_for(self, name: str, url: str) -> None:
        """Poll a health endpoint until it answers 200, the process ends, or the time is up."""
        deadline_s = time.monotonic() + READY_S_MAX
        process = self._processes[name]
        while time.monotonic() < deadline_s:
            if self._healthy(url):
                return
            try:
                code = process.wait(POLL_S)
            except subprocess.TimeoutExpired:
                continue
            raise RuntimeError(f"{name} ended with exit code {code}:\n{self.log_tail(name)}")
        raise RuntimeError(f"{name} is not ready after {READY_S_MAX:.0f} s:\n{self.log_tail(name)}")

    def _healthy(self, url: str) -> bool:
        try:
            with urllib.request.urlopen(url, timeout=5, context=self._tls if url.startswith("https") else None) as answer:
                return bool(answer.status == 200)
        except (urllib.error.URLError, OSError):
            return False

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Who the administrator is, and whom he believes."""
        context = ssl.create_default_context(cafile=str(self.folder / "ca.crt"))
        context.load_cert_chain(self.folder / "admin.crt", self.folder / "admin.key")
        return context

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """What the API server answers the administrator, decoded; for those who ask often, without a kubectl process each time.

        body: an object, or with PATCH a merge patch. Raises RuntimeError with the server's Status.
        """
        content = "application/merge-patch+json" if method == "PATCH" else "application/json"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.server + path, data, {"Content-Type": content}, method=method)
        deadline_s = time.monotonic() + READY_S_MAX
        while True:
            try:
                with urllib.request.urlopen(request, timeout=60, context=self._tls) as answer:
                    return json.load(answer)
            except urllib.error.HTTPError as error:
                # As kubectl does: storage of a new definition that is not ready yet answers 429 with Retry-After.
                if error.code != TOO_MANY_REQUESTS or time.monotonic() > deadline_s:
                    raise RuntimeError(f"{method} {path}: {error.code}: {error.read().decode()}") from error
                threading.Event().wait(float(error.headers.get("Retry-After") or POLL_S))

    def get(self, path: str) -> Any:
        """What the administrator gets at a path, decoded."""
        return self.call("GET", path)

    def watch(self, path: str, resource_version: str) -> Iterator[Any]:
        """Watch events (type, object) of a list since a version, as they come, until the server ends the watch."""
        query = (
            f"{'&' if '?' in path else '?'}watch=1&allowWatchBookmarks=true&timeoutSeconds=20&resourceVersion={resource_version}"
        )
        with urllib.request.urlopen(self.server + path + query, timeout=60, context=self._tls) as answer:
            yield from map(json.loads, answer)

    def log_tail(self, name: str) -> str:
        """The end of a component's log."""
        return "\n".join((self.folder / f"{name}.log").read_text(errors="replace").splitlines()[-25:])

    def kubeconfig(
        self, user: str, groups: tuple[str, ...] = (), *, file: str = "", valid: timedelta = timedelta(days=1)
    ) -> Path:
        """Write a kubeconfig for a user with a client certificate; its path."""
        name = file or user.replace(":", "-")
        certificate, key = self._authority.issue(user, groups, valid=valid)
        (self.folder / f"{name}.crt").write_bytes(certificate)
        (self.folder / f"{name}.key").write_bytes(key)
        config = {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [
                {"name": "e2e", "cluster": {"server": self.server, "certificate-authority-data": _base64(self._authority.pem)}}
            ],
            "users": [
                {
                    "name": user,
                    "user": {"client-certificate-data": _base64(certificate), "client-key-data": _base64(key)},
                }
            ],
            "contexts": [{"name": "e2e", "context": {"cluster": "e2e", "user": user}}],
            "current-context": "e2e",
        }
        path = self.folder / f"{name}.kubeconfig"
        path.write_text(yaml.safe_dump(config))
        return path

    def command(self) -> list[str]:
        """kubectl as the administrator, for those who look at exit codes themselves."""
        return [str(self._bin / "kubectl"), f"--kubeconfig={self.admin}"]

    def kubectl(self, *arguments: str, stdin: str = "", check: bool = True) -> str:
        """Run kubectl as the administrator; what it printed."""
        command = [*self.command(), *arguments]
        done = subprocess.run(command, input=stdin, capture_output=True, text=True, check=False, timeout=120)
        if check and done.returncode != 0:
            raise RuntimeError(f"kubectl {' '.join(arguments)}: exit code {done.returncode}: {done.stderr}")
        return done.stdout

    def apply(self, manifests: Sequence[dict[str, Any]]) -> None:
        """Apply manifests."""
        self.kubectl(
            "apply", "--server-side", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": list(manifests)})
        )

    def add_nodes(
        self, count: int, version: str, zones: Sequence[str] = ("zone-a", "zone-b", "zone-c"), prefix: str = "old"
    ) -> None:
        """Create kwok nodes, spread over zones; kwok makes them Ready."""
        nodes = [node_manifest(f"{prefix}-{index:03d}", zones[index % len(zones)], version) for index in range(count)]
        self.kubectl("create", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": nodes}))


def node_manifest(name: str, zone: str, version: str) -> dict[str, Any]:
    """A node that kwok plays."""
    size = {"cpu": "16", "memory": "64Gi", "pods": "110"}
    labels = {
        "kubernetes.io/hostname": name,
        "kubernetes.io/os": "linux",
        "kubernetes.io/arch": "amd64",
        "topology.kubernetes.io/zone": zone,
        "type": "kwok",
    }
    unknown = dict.fromkeys(
        ("machineID", "systemUUID", "bootID", "kernelVersion", "containerRuntimeVersion", "kubeProxyVersion"), ""
    )
    info = {**unknown, "kubeletVersion": version, "osImage": "kwok", "architecture": "amd64", "operatingSystem": "linux"}
    return {
        "apiVersion": "v1",
        "kind": "Node",
        "metadata": {"name": name, "labels": labels, "annotations": {"kwok.x-k8s.io/node": "fake"}},
        "status": {"allocatable": size, "capacity": size, "nodeInfo": info},
    }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
