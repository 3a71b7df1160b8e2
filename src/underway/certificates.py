"""A certificate authority for one purpose: its own certificate, serving ones, and those of clients.

Owns keys and certificates, made anew by whoever needs them: the embedded cluster for its life, the webhook server for its
own. It does not know where they are kept nor who may do what. Elliptic keys (P-256), because making one takes well under a
millisecond; subject alternative names, because Go refuses a certificate that has only a common name.
"""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

LIFE = timedelta(days=30)  # no embedded cluster is kept for longer
EARLIER = timedelta(hours=1)  # clocks differ a little
ORGANIZATION = "Underway"


class Pair(msgspec.Struct, frozen=True):
    """A certificate and its private key, in PEM."""

    certificate: bytes
    key: bytes

    def write(self, directory: Path, name: str) -> tuple[Path, Path]:
        """Write NAME.crt and NAME.key (readable by the owner alone) and return their paths."""
        certificate, key = directory / f"{name}.crt", directory / f"{name}.key"
        certificate.write_bytes(self.certificate)
        key.touch(mode=0o600)
        key.write_bytes(self.key)
        return certificate, key


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    encoding, plain = serialization.Encoding.PEM, serialization.NoEncryption()
    return key.private_bytes(encoding, serialization.PrivateFormat.PKCS8, plain)


def _name(common_name: str, organizations: tuple[str, ...]) -> x509.Name:
    parts = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, organization) for organization in organizations]
    return x509.Name([*parts, x509.NameAttribute(NameOID.COMMON_NAME, common_name)])


class Authority:
    """One certificate authority."""

    def __init__(self, common_name: str = "underway-embedded-ca", life: timedelta = LIFE) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(common_name, (ORGANIZATION,))
        now = datetime.now(UTC)
        builder = self._builder(self._name, self._key.public_key(), now - EARLIER, now + life)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(self._usage(signing=True), critical=True)
        self.certificate = builder.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)

    def _builder(
        self, subject: x509.Name, public_key: ec.EllipticCurvePublicKey, start: datetime, end: datetime
    ) -> x509.CertificateBuilder:
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(public_key)
        builder = builder.serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
        # Python 3.13 verifies strictly (RFC 5280): without key identifiers it refuses a chain.
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        builder = builder.add_extension(authority, critical=False)
        return builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)

    @staticmethod
    def _usage(*, signing: bool) -> x509.KeyUsage:
        return x509.KeyUsage(
            digital_signature=True,
            key_cert_sign=signing,
            crl_sign=signing,
            content_commitment=False,
            key_encipherment=False,
            data_encipherment=False,
            key_agreement=False,
            encipher_only=False,
            decipher_only=False,
        )

    def serving(
        self,
        hosts: tuple[str, ...] = ("localhost", "kubernetes.default.svc"),
        address: str = "127.0.0.1",
        *,
        life: timedelta = LIFE,
        common_name: str = "underway-embedded-apiserver",
    ) -> Pair:
        """A serving certificate for these names and this address."""
        names: list[x509.GeneralName] = [x509.DNSName(host) for host in hosts]
        names.append(x509.IPAddress(ipaddress.ip_address(address)))
        now = datetime.now(UTC)
        purpose = ExtendedKeyUsageOID.SERVER_AUTH
        return self._issue(_name(common_name, ()), now - EARLIER, now + life, purpose, names)

    def client(self, user: str, groups: tuple[str, ...] = (), *, expired: bool = False) -> Pair:
        """A client certificate: the user is its commonName, each group an organizationName."""
        now = datetime.now(UTC)
        end = now - EARLIER / 2 if expired else now + LIFE
        return self._issue(_name(user, groups), now - EARLIER, end, ExtendedKeyUsageOID.CLIENT_AUTH, [])

    def _issue(
        self, subject: x509.Name, start: datetime, end: datetime, purpose: x509.ObjectIdentifier, names: list[x509.GeneralName]
    ) -> Pair:
        key = ec.generate_private_key(ec.SECP256R1())
        builder = self._builder(subject, key.public_key(), start, end)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(self._usage(signing=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([purpose]), critical=False)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
        signed = builder.sign(self._key, hashes.SHA256())
        return Pair(signed.public_bytes(serialization.Encoding.PEM), _pem(key))
