"""A certificate authority for one lease (RFC 5280): what the sandbox trusts, and nobody else.

Its key never leaves the broker's process; its certificate lies beside the socket. With it the broker reads the
requests to granted hosts, so that methods, paths and bytes are limited by more than a name.
"""

from __future__ import annotations

import os
import ssl
import tempfile
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_DAYS = 7
_SKEW = timedelta(hours=1)
_MAX_HOSTS = 1000


class Authority:
    """``folder`` is private to this process; keys lie in it for the moment in which OpenSSL reads them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key, self._leaf_key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "Handrail broker of one step")])
        self._certificate = self._ca()
        self._made: dict[str, x509.Certificate] = {}

    def pem(self) -> bytes:
        """What the sandbox is told to trust."""
        return self._certificate.public_bytes(serialization.Encoding.PEM)

    def server_context(self, host: str, accepts: Callable[[str | None], bool]) -> ssl.SSLContext:
        """TLS as ``host``, for a client that asks for a server name that ``accepts`` lets through."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.set_alpn_protocols(["http/1.1"])
        self._load(context, self._leaf(host))

        def check(_: ssl.SSLObject, name: str | None, __: ssl.SSLContext) -> int | None:
            return None if accepts(name) else ssl.AlertDescription.ALERT_DESCRIPTION_UNRECOGNIZED_NAME

        context.sni_callback = check
        return context

    def _load(self, context: ssl.SSLContext, leaf: x509.Certificate) -> None:
        key = self._leaf_key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        descriptor, name = tempfile.mkstemp(dir=self._folder)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(key + leaf.public_bytes(serialization.Encoding.PEM))
            context.load_cert_chain(name)
        finally:
            Path(name).unlink()

    def _leaf(self, host: str) -> x509.Certificate:
        if len(self._made) > _MAX_HOSTS:
            self._made.clear()
        if host not in self._made:
            self._made[host] = self._sign(host)
        return self._made[host]

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _SKEW)
            .not_valid_after(now + timedelta(days=_DAYS))
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
            .add_extension(authority, critical=False)
        )

    def _ca(self) -> x509.Certificate:
        builder = self._builder(self._name, self._key)
        builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=True), critical=True)
        return builder.sign(self._key, hashes.SHA256())

    def _sign(self, host: str) -> x509.Certificate:
        builder = self._builder(x509.Name([]), self._leaf_key)
        builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=True)
        builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        builder = builder.add_extension(_usage(signs_certificates=False), critical=True)
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )
