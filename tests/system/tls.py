# SPDX-License-Identifier: GPL-2.0-or-later
"""TLS to an attestd: its key is what its evidence names."""

import hashlib
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import serialization

from emulator import PATIENCE_S

def any_key():
    """TLS as a tenant's tool speaks it: the evidence proves the key, and no authority."""
    context = ssl.create_default_context()
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


TLS = any_key()


def spki_hash(certificate):
    """SHA-256 of a certificate's SubjectPublicKeyInfo."""
    key = x509.load_der_x509_certificate(certificate).public_key()
    return hashlib.sha256(key.public_bytes(serialization.Encoding.DER,
                                           serialization.PublicFormat.SubjectPublicKeyInfo)).digest()


def channel(address, port):
    """What evidence from that service is bound to."""
    return spki_hash(ssl.PEM_cert_to_DER_cert(ssl.get_server_certificate((address, port), timeout=PATIENCE_S)))
