"""The embedded API server over HTTPS, in a thread of its own: a port on the loopback address, certificates, a kubeconfig.

Owns the life of the server. What it answers is `sim.apiserver.front`'s; how time passes meanwhile is `sim.pace`'s. Used by
the demo's --serve, by tests with kubectl, and by whoever wants a cluster in a few hundred milliseconds.
"""

import asyncio
import base64
import socket
import ssl
import tempfile
import threading
from asyncio import Transport
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import uvicorn
import yaml
from uvicorn.protocols.http.h11_impl import H11Protocol

from underway.certificates import Authority, Pair
from underway.errors import Unreachable
from underway.sim.apiserver import access
from underway.sim.apiserver.access import MASTERS, Authorize, User
from underway.sim.apiserver.asgi import USER, Application
from underway.sim.apiserver.front import Front
from underway.sim.apiserver.server import ApiServer

ADDRESS = "127.0.0.1"
NAME = "underway-embedded"
START_S_MAX = 10  # a start takes a quarter of a second; a machine that needs more than this is out of order
STOP_S_MAX = 5
GRACE_S = 1  # how long open connections are waited for


class _Protocol(H11Protocol):
    """uvicorn's HTTP/1.1 with the user of the client certificate, which ASGI has no place for but the state."""

    def connection_made(self, transport: Transport) -> None:  # type: ignore[override]  # as uvicorn's own, narrower than asyncio's
        """Take the user from the verified certificate, once for the connection."""
        super().connection_made(transport)
        tls = transport.get_extra_info("ssl_object")
        subject: dict[str, tuple[str, ...]] = {}
        for parts in (tls.getpeercert() or {}).get("subject", ()) if tls is not None else ():
            for key, value in parts:
                subject[key] = (*subject.get(key, ()), value)
        self.app_state = {**self.app_state, USER: access.from_subject(subject)}


class _Server(uvicorn.Server):
    """uvicorn's server that says when it listens."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then tell."""
        await super().startup(sockets)
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop, and leave no connection to a client that does not answer the end of its TLS session."""
        await super().shutdown(sockets)
        for connection in list(self.server_state.connections):
            if isinstance(connection, _Protocol):
                connection.transport.abort()
        # The transports close their sockets when the loop next runs.
        await asyncio.sleep(0)
        await asyncio.sleep(0)


class HttpsCluster:
    """An embedded cluster served over HTTPS between `with` and its end.

    server: what is served; directory: where certificates and the kubeconfig go (None: a temporary one, removed at the
    end); port: 0 for any free one; tokens: bearer tokens and their users; authorize: the rule, by default that
    administrators may do anything. lock: hold it around every touch of the cluster from elsewhere.
    """

    def __init__(
        self,
        server: ApiServer,
        *,
        directory: Path | None = None,
        port: int = 0,
        tokens: dict[str, User] | None = None,
        authorize: Authorize | None = None,
    ) -> None:
        self.lock = threading.RLock()
        self.front = Front(server, tokens, authorize)
        self.authority = Authority()
        self._temporary = None if directory else tempfile.TemporaryDirectory(prefix="underway-")
        self.directory = directory or Path(self._temporary.name if self._temporary else "")
        self._port = port
        self._application = Application(self.front, self.lock)
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"https://{ADDRESS}:{self._port}"

    @property
    def kubeconfig(self) -> Path:
        """A kubeconfig of an administrator."""
        return self.directory / "kubeconfig"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None) -> None:
        self.stop()

    def start(self) -> None:
        """Listen. Raises Unreachable if the port is taken."""
        # The protocol is named because asyncio sets TCP_NODELAY on no other: an answer would wait 40 ms for the client's
        # delayed acknowledgement.
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((ADDRESS, self._port))
        except OSError as error:
            listener.close()
            raise Unreachable(f"cannot listen on {ADDRESS}:{self._port}: {error.strerror}; choose another port") from None
        self._port = listener.getsockname()[1]
        self.directory.mkdir(parents=True, exist_ok=True)
        certificate, key = self.authority.serving().write(self.directory, "apiserver")
        authority = self.directory / "ca.crt"
        authority.write_bytes(self.authority.certificate)
        config = uvicorn.Config(
            self._application,
            http=_Protocol,
            lifespan="off",
            ws="none",
            log_config=None,
            log_level="critical",
            access_log=False,
            server_header=False,
            ssl_certfile=certificate,
            ssl_keyfile=key,
            ssl_ca_certs=str(authority),
            ssl_cert_reqs=ssl.CERT_OPTIONAL,
            timeout_graceful_shutdown=GRACE_S,
            backlog=128,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._server.run, args=([listener],), name="embedded-apiserver", daemon=True)
        self._thread.start()
        if not self._server.listening.wait(START_S_MAX):
            raise Unreachable(f"the embedded API server did not start within {START_S_MAX} s")
        self.write_kubeconfig(self.kubeconfig, self.authority.client("kubernetes-admin", (MASTERS,)))

    def stop(self) -> None:
        """Stop listening and end all watches."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._application.end_watches()
            self._thread.join(STOP_S_MAX)
        if self._temporary is not None:
            self._temporary.cleanup()

    def write_kubeconfig(self, path: Path, credentials: Pair | str, *, server: str = "") -> Path:
        """Write a kubeconfig for a client certificate or a bearer token; readable by its owner alone."""
        user: dict[str, Any] = (
            {"token": credentials}
            if isinstance(credentials, str)
            else {
                "client-certificate-data": _base64(credentials.certificate),
                "client-key-data": _base64(credentials.key),
            }
        )
        cluster = {"server": server or self.url, "certificate-authority-data": _base64(self.authority.certificate)}
        document = {
            "apiVersion": "v1",
            "kind": "Config",
            "current-context": NAME,
            "clusters": [{"name": NAME, "cluster": cluster}],
            "contexts": [{"name": NAME, "context": {"cluster": NAME, "user": NAME}}],
            "users": [{"name": NAME, "user": user}],
        }
        path.touch(mode=0o600)
        path.write_text(yaml.safe_dump(document, sort_keys=False))
        return path


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()
