"""The webhooks' certificate: made by an authority of our own, or given as files; changed while the server runs.

Owns the pair of files, when it must be made anew, and its loading into a running server. A pair is tried apart before the
server takes it: half a change (a new certificate with the old key) must not end the service. Who trusts the authority (the
caBundle of a CustomResourceDefinition) is `live.ca_bundle`'s.
"""

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509

from underway.certificates import EARLIER, Authority
from underway.errors import UsageError

AUTHORITY_LIFE = timedelta(days=3650)  # the authority lives as long as the process: its key is never written
SERVING_LIFE = timedelta(days=90)
MADE_ANEW_AFTER = 2 / 3  # of its life, as cert-manager does (renewBefore is a third)


class Files:
    """A certificate and its key in files, made by others: cert-manager's Secret, mounted."""

    def __init__(self, certificate: Path, key: Path) -> None:
        self.certificate, self.key = certificate, key
        self.authority = b""
        self._seen: tuple[tuple[int, int, int], ...] = ()

    def check(self, now: datetime) -> None:
        """Raises UsageError if the files are no pair that a server can use now."""
        problem = self.problem(now)
        if problem:
            raise UsageError(problem)
        self._seen = self._state()

    def problem(self, now: datetime) -> str:
        """Why a server cannot use the files, "" if it can."""
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(self.certificate, self.key, password=_no_password)
            certificate = x509.load_pem_x509_certificate(self.certificate.read_bytes())
        except (OSError, ValueError) as error:
            reason = getattr(error, "reason", None) or getattr(error, "strerror", None) or str(error)
            return f"{self.certificate}, {self.key}: no certificate and key of one pair, in PEM: {reason}"
        until = certificate.not_valid_after_utc
        if until <= now:
            return f"{self.certificate}: the certificate expired on {until:%Y-%m-%d %H:%M} UTC; give a new one"
        if not any(isinstance(one.value, x509.SubjectAlternativeName) for one in certificate.extensions):
            return f"{self.certificate}: the certificate has no subject alternative name, without which the API server refuses it"
        return ""

    def changed(self, _: datetime) -> bool:
        """Whether the files are others than when they were last loaded."""
        return self._state() != self._seen

    def load(self, context: ssl.SSLContext, now: datetime) -> str:
        """Load the pair into a running server, which serves new connections with it at once. What is wrong with it, or ""."""
        state = self._state()
        problem = self.problem(now)
        if not problem:
            context.load_cert_chain(self.certificate, self.key)
            self._seen = state
        return problem

    def _state(self) -> tuple[tuple[int, int, int], ...]:
        try:
            found = (self.certificate.stat(), self.key.stat())
        except OSError:
            return ()
        return tuple((one.st_ino, one.st_mtime_ns, one.st_size) for one in found)


class Own:
    """A certificate of our own authority, for these names, in a directory that only we can read.

    Its files are for the worker processes, which load them as `Files`; `renew` is called from time to time by whoever owns it.
    """

    def __init__(self, directory: Path, hosts: tuple[str, ...], life: timedelta = SERVING_LIFE) -> None:
        self._authority = Authority("underway-webhook-ca", AUTHORITY_LIFE)
        self._directory, self._hosts, self._life = directory, hosts, life
        self._due = datetime.min.replace(tzinfo=UTC)
        self.authority = self._authority.certificate

    def renew(self, now: datetime) -> bool:
        """Make the pair anew if two thirds of its life are over. Whether it did."""
        if now < self._due:
            return False
        pair = self._authority.serving(self._hosts, life=self._life, common_name=self._hosts[0][:64])
        for name, data in (("tls.key", pair.key), ("tls.crt", pair.certificate)):
            fresh = self._directory / f".{name}"
            fresh.unlink(missing_ok=True)
            fresh.touch(mode=0o600)
            fresh.write_bytes(data)
            fresh.replace(self._directory / name)
        self._due = now + self._life * MADE_ANEW_AFTER - EARLIER
        return True

    @property
    def files(self) -> Files:
        """The pair as files."""
        return Files(self._directory / "tls.crt", self._directory / "tls.key")


def _no_password() -> str:
    """OpenSSL would ask on the terminal for the password of an encrypted key; a server cannot answer."""
    return ""
