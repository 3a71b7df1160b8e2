"""The first contact with a cluster: either it answers, or one sentence says why not and what to do."""

import ssl
from datetime import UTC, datetime

import aiohttp

from underway.errors import Refused, UnderwayError, Unreachable
from underway.kube.reply import Reply
from underway.kube.request import Request
from underway.live.http import HttpApi
from underway.live.kubeconfig import Connection


async def connect(api: HttpApi) -> str:
    """The server's version (gitVersion). Raises Unreachable or Refused."""
    connection = api.connection
    expired = expired_certificate(connection)
    if expired:
        raise Refused(expired)
    request = Request(id=0, verb="get", raw_path="/version", timeout_s=15.0)
    try:
        async with await api.opened(request) as response:
            reply = Reply(request=request, code=response.status, body=await response.read())
    except UnderwayError:
        raise
    except aiohttp.ClientConnectorCertificateError as error:
        raise Refused(_untrusted(connection, error.certificate_error)) from None
    except aiohttp.ClientConnectorSSLError as error:
        raise Refused(
            f"{_where(connection)}: TLS failed: {error.os_error}; is it the right port, and the right client certificate?"
        ) from None
    except (aiohttp.ClientError, OSError, TimeoutError) as error:
        cause = getattr(error, "os_error", None) or error
        text = getattr(cause, "strerror", None) or str(cause) or type(cause).__name__
        raise Unreachable(f"{_where(connection)} does not answer: {text}; is it running, and is the address right?") from None
    return _version(connection, reply)


def _where(connection: Connection) -> str:
    return f"{connection.cluster.server} (context {connection.name!r})"


def _version(connection: Connection, reply: Reply) -> str:
    if reply.code == 401:
        raise Refused(f"{_where(connection)} does not know us (401 Unauthorized); renew the credentials of the context")
    if reply.code == 403:
        raise Refused(
            f"{_where(connection)} forbids GET /version (403); the user may not even look: ask for system:public-info-viewer"
        )
    if reply.code != 200:
        raise Unreachable(f"{_where(connection)} answers GET /version with HTTP {reply.code}; is it a Kubernetes API server?")
    import msgspec

    try:
        return str(msgspec.json.decode(reply.body)["gitVersion"])
    except (msgspec.DecodeError, KeyError, TypeError):
        raise Unreachable(f"{_where(connection)} is not a Kubernetes API server: GET /version answers something else") from None


def _untrusted(connection: Connection, error: Exception) -> str:
    where = _where(connection)
    if isinstance(error, ssl.SSLCertVerificationError):
        if error.verify_code == 10:  # X509_V_ERR_CERT_HAS_EXPIRED
            return f"{where}: the server's certificate has expired; renew it on the control plane"
        if error.verify_code == 62:  # X509_V_ERR_HOSTNAME_MISMATCH
            return f"{where}: the server's certificate is for another name: {error.verify_message}; set tls-server-name"
        return (
            f"{where}: the server's certificate is not trusted: {error.verify_message}; give the cluster's certificate-authority"
        )
    return f"{where}: the server's certificate is not trusted: {error}"


def expired_certificate(connection: Connection) -> str:
    """Why the client certificate cannot be used any more, or ""."""
    if not connection.user.certificate:
        return ""
    from cryptography import x509

    try:
        certificate = x509.load_pem_x509_certificate(connection.user.certificate)
    except ValueError:
        return f"context {connection.name!r}: client-certificate is not a PEM certificate; renew the kubeconfig"
    until = certificate.not_valid_after_utc
    if until >= datetime.now(tz=UTC):
        return ""
    subject = certificate.subject.rfc4514_string()
    return (
        f"context {connection.name!r}: the client certificate of {subject} expired on {until:%Y-%m-%d %H:%M} UTC; "
        "renew the kubeconfig"
    )
