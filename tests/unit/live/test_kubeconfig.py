"""kubeconfig: what is read, and what is refused with which sentence."""

import base64
from pathlib import Path
from typing import Any

import pytest
import yaml

from underway.errors import UsageError
from underway.live.kubeconfig import connection, in_cluster

PEM = base64.b64encode(b"-----PEM-----").decode()


def config(**changes: Any) -> dict[str, Any]:
    return {
        "current-context": "a",
        "clusters": [{"name": "c", "cluster": {"server": "https://10.1.2.3/", **changes.pop("cluster", {})}}],
        "users": [{"name": "u", "user": changes.pop("user", {"token": "secret"})}],
        "contexts": [{"name": "a", "context": {"cluster": "c", "user": "u", "namespace": "shop"}}],
        **changes,
    }


def read(tmp_path: Path, values: Any, context: str = "") -> Any:
    path = tmp_path / "config"
    path.write_text(values if isinstance(values, str) else yaml.safe_dump(values))
    return connection(str(path), context, {})


def test_a_context_is_resolved(tmp_path: Path) -> None:
    extra = {"certificate-authority-data": PEM, "tls-server-name": "k8s", "proxy-url": "http://proxy:3128"}
    found = read(tmp_path, config(cluster=extra))
    assert (found.cluster.server, found.cluster.ca, found.user.token) == ("https://10.1.2.3", b"-----PEM-----", "secret")
    assert (found.cluster.tls_server_name, found.cluster.proxy_url, found.namespace) == ("k8s", "http://proxy:3128", "shop")


def test_files_are_found_beside_the_kubeconfig(tmp_path: Path) -> None:
    (tmp_path / "tls.crt").write_bytes(b"crt")
    (tmp_path / "tls.key").write_bytes(b"key")
    found = read(tmp_path, config(user={"client-certificate": "tls.crt", "client-key": "tls.key"}))
    assert (found.user.certificate, found.user.key) == (b"crt", b"key")


def test_several_files_are_merged_and_the_first_wins(tmp_path: Path) -> None:
    first, second = tmp_path / "1", tmp_path / "2"
    first.write_text(
        yaml.safe_dump({"current-context": "b", "contexts": [{"name": "b", "context": {"cluster": "c", "user": "u"}}]})
    )
    second.write_text(yaml.safe_dump(config()))
    found = connection("", "", {"KUBECONFIG": f"{first}:{second}"})
    assert found.name == "b"
    assert found.user.token == "secret"  # noqa: S105 - not a secret


def test_in_a_pod(tmp_path: Path) -> None:
    for name, text in (("token", "t"), ("ca.crt", "ca"), ("namespace", "ops\n")):
        (tmp_path / name).write_text(text)
    found = in_cluster({"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "443"}, tmp_path)
    assert (found.cluster.server, found.namespace) == ("https://[fd00::1]:443", "ops")
    assert found.user.token_file == str(tmp_path / "token")


@pytest.mark.parametrize(
    ("values", "message"),
    [
        (config(**{"current-context": ""}), "no current-context; name one with --context (there are: a)"),
        (config(**{"current-context": "z"}), "no context 'z'; there are: a"),
        (config(clusters=[]), "context 'a' names cluster 'c', which is not defined"),
        (config(users=[]), "context 'a' names user 'u', which is not defined"),
        (config(cluster={"server": ""}), "cluster 'c' has no server"),
        (config(cluster={"insecure-skip-tls-verify": True}), "Underway always verifies who it talks to"),
        (config(cluster={"certificate-authority-data": "%%"}), "certificate-authority-data is not base64"),
        (config(cluster={"certificate-authority": "gone.crt"}), "gone.crt cannot be read: No such file or directory"),
        (config(user={"auth-provider": {"name": "gcp"}}), "auth-provider, which Kubernetes removed in 1.26; use an exec plugin"),
        (config(user={"username": "u"}), "a password, which Kubernetes removed in 1.19"),
        (config(user={"exec": {"args": []}}), "user 'u': exec: Object missing required field `command`"),
        ("a: [1\n", "line 2: not YAML"),
        ("- a\n", "not a kubeconfig: it holds no mapping"),
        (config(users=[{"user": {}}]), "an entry of users has no name"),
    ],
)
def test_what_is_refused(tmp_path: Path, values: Any, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read(tmp_path, values)
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)
