"""Who we are, in headers and certificates: tokens that rotate, and plugins that make them.

Source: client.authentication.k8s.io/v1 and v1beta1 (ExecCredential), client-go plugin/pkg/client/auth/exec. No credential is
logged, kept on disk, or put into a message.
"""

import asyncio
import os
from pathlib import Path
from typing import Any

import msgspec

from underway.errors import Refused, UsageError
from underway.live.kubeconfig import Connection, Exec
from underway.model import timestamp

EXEC_VERSIONS = ("client.authentication.k8s.io/v1", "client.authentication.k8s.io/v1beta1")
EXEC_S_MAX = 60.0  # a plugin may open a browser or ask a slow identity provider, but not for ever
EXEC_BYTES_MAX = 1024 * 1024
EARLY_MS = 60_000  # renew a minute before expiry: a request under way must not outlive its token
TOKEN_FILE_MS = 60_000  # client-go re-reads a token file at most once a minute


class Credential(msgspec.Struct, frozen=True):
    """What to present. until_ms: when it has to be made anew, None for never."""

    token: str = ""
    certificate: bytes | None = None
    key: bytes | None = None
    until_ms: int | None = None


class Credentials:
    """The credential of a connection, made when needed and again when it expires."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._current: Credential | None = None
        self._making = asyncio.Lock()

    def forget(self) -> None:
        """The server refused it (401): make another next time."""
        if self._connection.user.exec is not None or self._connection.user.token_file:
            self._current = None

    async def get(self, now_ms: int) -> Credential:
        """The credential to present now. Raises UsageError or Refused, which name the plugin or the file."""
        async with self._making:
            current = self._current
            if current is None or (current.until_ms is not None and now_ms >= current.until_ms):
                current = self._current = await self._make(now_ms)
            return current

    async def _make(self, now_ms: int) -> Credential:
        user = self._connection.user
        if user.exec is not None:
            return await exec_credential(user.exec, self._connection)
        if user.token_file:
            try:
                token = await asyncio.to_thread(Path(user.token_file).read_text)
            except OSError as error:
                raise UsageError(f"token file {user.token_file} cannot be read: {error.strerror}") from None
            return Credential(token.strip(), user.certificate, user.key, now_ms + TOKEN_FILE_MS)
        return Credential(user.token, user.certificate, user.key)


async def exec_credential(plugin: Exec, connection: Connection) -> Credential:
    """Run a credential plugin. Raises UsageError if it is not there or speaks another version, Refused if it fails."""
    if plugin.api_version not in EXEC_VERSIONS:
        raise UsageError(
            f"credential plugin {plugin.command}: apiVersion {plugin.api_version} is not one of {', '.join(EXEC_VERSIONS)}"
        )
    command = plugin.command
    if os.sep in command and not Path(command).is_absolute():
        command = str(Path(connection.folder) / command)
    spec: dict[str, Any] = {"interactive": False}
    if plugin.provide_cluster_info:
        spec["cluster"] = {"server": connection.cluster.server}
    info = {"apiVersion": plugin.api_version, "kind": "ExecCredential", "spec": spec}
    env = {**os.environ, "KUBERNETES_EXEC_INFO": msgspec.json.encode(info).decode()}
    env |= {pair["name"]: pair["value"] for pair in plugin.env or ()}
    try:
        process = await asyncio.create_subprocess_exec(
            command,
            *(plugin.args or ()),
            env=env,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=EXEC_BYTES_MAX,
        )
    except OSError as error:
        hint = f"; {plugin.install_hint.strip()}" if plugin.install_hint else ""
        raise UsageError(f"credential plugin {plugin.command} cannot be run: {error.strerror}{hint}") from None
    try:
        output, errors = await asyncio.wait_for(process.communicate(), EXEC_S_MAX)
    except TimeoutError:
        process.kill()
        await process.wait()
        raise Refused(f"credential plugin {plugin.command} gave no answer within {EXEC_S_MAX:.0f} s") from None
    if process.returncode != 0:
        first = next((line for line in errors.decode(errors="replace").splitlines() if line.strip()), "it said nothing")
        raise Refused(f"credential plugin {plugin.command} failed with exit code {process.returncode}: {first[:300]}")
    return _parsed(plugin, output)


class _Status(msgspec.Struct, rename="camel"):
    token: str = ""
    client_certificate_data: str = ""
    client_key_data: str = ""
    expiration_timestamp: str = ""


class _ExecCredential(msgspec.Struct):
    status: _Status


def _parsed(plugin: Exec, output: bytes) -> Credential:
    try:
        state = msgspec.json.decode(output, type=_ExecCredential).status
        until_ms = timestamp.parse(state.expiration_timestamp) - EARLY_MS if state.expiration_timestamp else None
    except (msgspec.DecodeError, ValueError) as error:
        raise Refused(f"credential plugin {plugin.command} did not print an ExecCredential: {error}") from None
    certificate = state.client_certificate_data.encode() or None
    return Credential(state.token, certificate, state.client_key_data.encode() or None, until_ms)
