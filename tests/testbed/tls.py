# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS to an attestd: its evidence names its TLS key."""

import hashlib
import pathlib
import ssl
import subprocess

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from testbed.emulator import PATIENCE_S


def any_key() -> ssl.SSLContext:
    """TLS as a tenant's tool speaks it: the evidence proves the key, and no authority."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


TLS = any_key()


def spki_hash(certificate: bytes) -> bytes:
    """SHA-256 of a certificate's SubjectPublicKeyInfo."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    return hashlib.sha256(key.public_bytes(serialization.Encoding.DER,
                                           serialization.PublicFormat.SubjectPublicKeyInfo)).digest()


def openssl(*argv: object) -> bytes:
    return subprocess.run(["openssl", *map(str, argv)], check=True, capture_output=True).stdout


def make_pair(folder: pathlib.Path, name: str, *algorithm: str) -> tuple[pathlib.Path, pathlib.Path]:
    """A key and a self-signed certificate, by another TLS library than attestd's."""
    key, certificate = folder / f"{name}.key", folder / f"{name}.pem"
    openssl("req", "-x509", "-newkey", *(algorithm or ("ec", "-pkeyopt", "ec_paramgen_curve:prime256v1")), "-nodes",
            "-subj", f"/CN={name}", "-days", "10", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key,
            "-out", certificate)
    return key, certificate


def channel(address: str, port: int) -> bytes:
    """The channel binding of that service's evidence."""
    return spki_hash(ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((address, port), timeout=PATIENCE_S)))
