"""Certificates of a control plane for tests: one authority, as many subjects as are asked for."""

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NAMES = ("localhost", "kubernetes", "kubernetes.default", "kubernetes.default.svc")
ADDRESSES = ("127.0.0.1", "10.0.0.1")  # loopback, and the first address of the service range


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
    )


class Authority:
    """A certificate authority in memory. Certificates begin a minute ago, so that clocks may differ a little."""

    def __init__(self, name: str) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        builder = self._builder(self._name, self._key, timedelta(days=2))
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        self._certificate = builder.sign(self._key, hashes.SHA256())
        self.pem = self._certificate.public_bytes(serialization.Encoding.PEM)

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, valid: timedelta) -> x509.CertificateBuilder:
        now = datetime.now(tz=UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(min(now - timedelta(minutes=1), now + valid - timedelta(minutes=1)))
            .not_valid_after(now + valid)
        )

    def issue(
        self, name: str, groups: tuple[str, ...] = (), *, server: bool = False, valid: timedelta = timedelta(days=1)
    ) -> tuple[bytes, bytes]:
        """Certificate and key as PEM. groups: organisations, which Kubernetes reads as groups; valid: may be negative."""
        key = ec.generate_private_key(ec.SECP256R1())
        attributes = [x509.NameAttribute(NameOID.ORGANIZATION_NAME, group) for group in groups]
        subject = x509.Name([*attributes, x509.NameAttribute(NameOID.COMMON_NAME, name)])
        usage = ExtendedKeyUsageOID.SERVER_AUTH if server else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = self._builder(subject, key, valid).add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        if server:
            addresses = [x509.IPAddress(ipaddress.ip_address(address)) for address in ADDRESSES]
            names = x509.SubjectAlternativeName([*(x509.DNSName(name) for name in NAMES), *addresses])
            builder = builder.add_extension(names, critical=False)
        certificate = builder.sign(self._key, hashes.SHA256())
        return certificate.public_bytes(serialization.Encoding.PEM), _pem(key)

    def write(self, folder: Path, file: str, name: str, groups: tuple[str, ...] = (), *, server: bool = False) -> None:
        """Issue into files FILE.crt and FILE.key."""
        certificate, key = self.issue(name, groups, server=server)
        (folder / f"{file}.crt").write_bytes(certificate)
        (folder / f"{file}.key").write_bytes(key)


def service_account_key(folder: Path) -> None:
    """The key that signs service account tokens, and its public half."""
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    public = key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    (folder / "sa.key").write_bytes(_pem(key))
    (folder / "sa.pub").write_bytes(public)
