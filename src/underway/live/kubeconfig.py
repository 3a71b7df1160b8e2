"""Where the cluster is and who we are there: kubeconfig files, or the Pod that we run in.

Owns reading, merging and choosing; `live.credentials` turns a User into headers, `live.http` into connections. Sources:
client-go tools/clientcmd (merge rules: the first file that names a thing wins), "Organizing Cluster Access Using
kubeconfig Files", "Accessing the API from a Pod".
"""

import base64
import binascii
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec
import yaml

from underway.errors import UsageError

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
KUBECONFIG_BYTES_MAX = 4 * 1024 * 1024


class Exec(msgspec.Struct, frozen=True, rename="camel"):
    """A credential plugin (client.authentication.k8s.io)."""

    command: str
    api_version: str = "client.authentication.k8s.io/v1"
    args: tuple[str, ...] | None = None
    env: tuple[dict[str, str], ...] | None = None
    install_hint: str = ""
    provide_cluster_info: bool = False


class Cluster(msgspec.Struct, frozen=True):
    """A server. ca: PEM, None for the system's authorities."""

    server: str
    ca: bytes | None = None
    tls_server_name: str = ""
    proxy_url: str = ""


class User(msgspec.Struct, frozen=True):
    """Who we are. certificate and key: PEM; token_file is read again as it rotates."""

    certificate: bytes | None = None
    key: bytes | None = None
    token: str = ""
    token_file: str = ""
    exec: Exec | None = None
    impersonate: str = ""
    impersonate_groups: tuple[str, ...] = ()


class Connection(msgspec.Struct, frozen=True):
    """One context, resolved. name: for messages; folder: that a plugin with a relative path is found from."""

    name: str
    cluster: Cluster
    user: User
    namespace: str = "default"
    folder: str = "."


def connection(kubeconfig: str = "", context: str = "", environment: Mapping[str, str] | None = None) -> Connection:
    """The connection that flags and environment ask for.

    kubeconfig: a path, "" for $KUBECONFIG, then ~/.kube/config, then the Pod's service account. Raises UsageError, which
    names the file, the context and what there is instead.
    """
    env = os.environ if environment is None else environment
    given = kubeconfig or env.get("KUBECONFIG", "")
    paths = [Path(part) for part in given.split(os.pathsep) if part] or [Path(env.get("HOME", ".")) / ".kube" / "config"]
    present = [path for path in paths if path.exists()]
    if not present:
        if not given and env.get("KUBERNETES_SERVICE_HOST"):
            return in_cluster(env)
        missing = ", ".join(str(path) for path in paths)
        raise UsageError(f"no kubeconfig: {missing} does not exist; name one with --kubeconfig, or try `underway demo`")
    return _resolved([(path, _read(path)) for path in present], context)


INLINE = {field: f"{field}-data" for field in ("certificate-authority", "client-certificate", "client-key")} | {
    "tokenFile": "token"
}
"""The fields of a kubeconfig that name a file, and those that hold what such a file would."""


def connection_from(data: bytes, source: str) -> Connection:
    """The connection in a kubeconfig that is not ours, such as a Secret's. source: for messages, which hold nothing of it.

    It must hold its credentials itself: it may neither name files of this machine nor have a program run. Raises UsageError.
    """
    if len(data) > KUBECONFIG_BYTES_MAX:
        raise UsageError(f"{source}: larger than {KUBECONFIG_BYTES_MAX} bytes; that is not a kubeconfig")
    try:
        loaded = yaml.load(data, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except (yaml.YAMLError, UnicodeDecodeError):
        # Without the parser's words: they quote what stands there.
        raise UsageError(f"{source}: not a kubeconfig: it is not YAML") from None
    if not isinstance(loaded, dict):
        raise UsageError(f"{source}: not a kubeconfig: it holds no mapping")
    for plural, singular in (("clusters", "cluster"), ("users", "user")):
        for entry in loaded.get(plural) or ():
            values = entry.get(singular) or {} if isinstance(entry, dict) else {}
            if values.get("exec"):
                raise UsageError(
                    f"{source}: {singular} uses an exec plugin; nothing is run for a stored kubeconfig, give a token"
                )
            named = next((field for field in INLINE if values.get(field)), "")
            if named:
                raise UsageError(f"{source}: {singular} names a file with {named}; put its content there with {INLINE[named]}")
    return _resolved([(Path(source), loaded)], "")


def in_cluster(env: Mapping[str, str], folder: Path = SERVICE_ACCOUNT) -> Connection:
    """The connection of a Pod's service account; its token rotates, so it stays a file."""
    host, port = env["KUBERNETES_SERVICE_HOST"], env.get("KUBERNETES_SERVICE_PORT", "443")
    if not (folder / "token").exists():
        raise UsageError(f"{folder}/token does not exist; mount the service account's token (automountServiceAccountToken)")
    cluster = Cluster(f"https://{f'[{host}]' if ':' in host else host}:{port}", (folder / "ca.crt").read_bytes())
    return Connection("in-cluster", cluster, User(token_file=str(folder / "token")), (folder / "namespace").read_text().strip())


def _read(path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > KUBECONFIG_BYTES_MAX:
            raise UsageError(f"{path}: larger than {KUBECONFIG_BYTES_MAX} bytes; that is not a kubeconfig")
        loaded = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506 - both are safe
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" line {mark.line + 1}" if mark else ""
        raise UsageError(f"{path}{where}: not YAML: {getattr(error, 'problem', None) or 'cannot be read'}") from None
    except OSError as error:
        raise UsageError(f"{path}: cannot be read: {error.strerror}") from None
    if not isinstance(loaded, dict):
        raise UsageError(f"{path}: not a kubeconfig: it holds no mapping")
    return loaded


def _named(files: list[tuple[Path, dict[str, Any]]], field: str, kind: str) -> dict[str, tuple[Path, dict[str, Any]]]:
    found: dict[str, tuple[Path, dict[str, Any]]] = {}
    for path, config in files:
        for entry in config.get(field) or ():
            if not isinstance(entry, dict) or "name" not in entry:
                raise UsageError(f"{path}: an entry of {field} has no name")
            found.setdefault(entry["name"], (path, entry.get(kind) or {}))
    return found


def _resolved(files: list[tuple[Path, dict[str, Any]]], context: str) -> Connection:
    listed = ", ".join(str(path) for path, _ in files)
    contexts = _named(files, "contexts", "context")
    name = context or next((config["current-context"] for _, config in files if config.get("current-context")), "")
    known = ", ".join(sorted(contexts)) or "none"
    if not name:
        raise UsageError(f"{listed}: no current-context; name one with --context (there are: {known})")
    if name not in contexts:
        raise UsageError(f"{listed}: no context {name!r}; there are: {known}")
    path, chosen = contexts[name]
    clusters, users = _named(files, "clusters", "cluster"), _named(files, "users", "user")
    if chosen.get("cluster") not in clusters:
        raise UsageError(f"{path}: context {name!r} names cluster {chosen.get('cluster')!r}, which is not defined")
    if chosen.get("user") and chosen["user"] not in users:
        raise UsageError(f"{path}: context {name!r} names user {chosen['user']!r}, which is not defined")
    cluster_path, cluster = clusters[chosen["cluster"]]
    user_path, user = users.get(chosen.get("user", ""), (path, {}))
    return Connection(
        name,
        _cluster(cluster_path, chosen["cluster"], cluster),
        _user(user_path, chosen.get("user", ""), user),
        chosen.get("namespace") or "default",
        str(user_path.parent),
    )


def _data(path: Path, what: str, values: dict[str, Any], field: str) -> bytes | None:
    """PEM from inline base64 or from a file beside the kubeconfig; inline wins, as in client-go."""
    inline, file = values.get(f"{field}-data"), values.get(field)
    if inline:
        try:
            return base64.b64decode(inline, validate=True)
        except binascii.Error:
            raise UsageError(f"{path}: {what}: {field}-data is not base64") from None
    if not file:
        return None
    found = path.parent / str(file)
    try:
        return found.read_bytes()
    except OSError as error:
        raise UsageError(f"{path}: {what}: {field} {found} cannot be read: {error.strerror}") from None


def _cluster(path: Path, name: str, values: dict[str, Any]) -> Cluster:
    what = f"cluster {name!r}"
    if not values.get("server"):
        raise UsageError(f"{path}: {what} has no server")
    if values.get("insecure-skip-tls-verify"):
        raise UsageError(
            f"{path}: {what} sets insecure-skip-tls-verify: Underway always verifies who it talks to; "
            "give certificate-authority instead (and tls-server-name if the name differs)"
        )
    return Cluster(
        values["server"].rstrip("/"),
        _data(path, what, values, "certificate-authority"),
        values.get("tls-server-name") or "",
        values.get("proxy-url") or "",
    )


def _user(path: Path, name: str, values: dict[str, Any]) -> User:
    what = f"user {name!r}"
    if values.get("auth-provider"):
        raise UsageError(f"{path}: {what} uses auth-provider, which Kubernetes removed in 1.26; use an exec plugin")
    if values.get("username"):
        raise UsageError(f"{path}: {what} uses a password, which Kubernetes removed in 1.19; use a token or a certificate")
    plugin = None
    if values.get("exec"):
        try:
            plugin = msgspec.convert(values["exec"], Exec)
        except msgspec.ValidationError as error:
            raise UsageError(f"{path}: {what}: exec: {error}") from None
    token_file = values.get("tokenFile") or ""
    return User(
        certificate=_data(path, what, values, "client-certificate"),
        key=_data(path, what, values, "client-key"),
        token="" if token_file else values.get("token") or "",
        token_file=str(path.parent / token_file) if token_file else "",
        exec=plugin,
        impersonate=values.get("as") or "",
        impersonate_groups=tuple(values.get("as-groups") or ()),
    )
