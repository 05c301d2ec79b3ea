# SPDX-License-Identifier: GPL-2.0-or-later
"""Evidence is bound to the TLS connection: attestd speaks for its own key alone, and the tool for the key it sees."""

import base64
import hashlib
import re
import ssl
import subprocess

import pytest

from testbed.attestd import ATTESTD, another, b64, error_of
from testbed.emulator import PATIENCE_S
from testbed.tls import make_pair, openssl, spki_hash


@pytest.fixture(scope="module")
def service(folder, tpm):
    with another(folder, tpm.tcti) as attestd:
        yield attestd


def der(certificate):
    return ssl.PEM_cert_to_DER_cert(certificate.read_text())


def test_evidence_is_bound_to_the_key(service):
    answer = service.good_evidence()
    log, hypervisor = (bytes.fromhex(answer[name]["sha256"]) for name in ("tcg_log", "hv_log"))
    text = b"cloister-evidence-1" + bytes(range(32)) + service.channel + log + hypervisor + hashlib.sha256().digest()
    assert hashlib.sha256(text).digest() in base64.b64decode(answer["quote"])
    assert service.wait_log(r"--pin sha256//(\S+)")[1] == b64(service.channel)


@pytest.mark.parametrize("channel", [bytes(32), b"\xff" * 32, "last bit"], ids=str)
def test_nothing_is_quoted_for_another_key(service, channel):
    """A relay's own key, and none: nothing is quoted for them."""
    if channel == "last bit":
        channel = service.channel[:31] + bytes([service.channel[31] ^ 1])
    before = service.metric("attestd_evidence_total")
    status, _, body = service.evidence(channel=b64(channel))
    assert (status, error_of(body)) == (400, ("other-channel", "channel"))
    assert service.metric("attestd_evidence_total") == before


def test_nothing_is_quoted_over_plain_http(folder, tpm, service):
    """Without TLS there is no channel to speak for: a relay that ends TLS in front of it gets nothing."""
    with another(folder, tpm.tcti, "--plain-http") as plain:
        assert plain.channel == bytes(32) and plain.good_evidence()["version"] == 1
        status, _, body = plain.evidence(channel=b64(service.channel))
        assert (status, error_of(body)) == (400, ("other-channel", "channel"))
        assert "plain HTTP" in plain.log.read_text() and "plain HTTP" not in service.log.read_text()


def test_each_start_has_a_new_key(folder, tpm, service):
    with another(folder, tpm.tcti) as later:
        assert later.channel != service.channel


def test_certificate_is_p256_and_does_not_expire(service):
    with service.connect() as connection:
        assert connection.version() == "TLSv1.3"
        certificate = connection.getpeercert(binary_form=True)
    text = subprocess.run(["openssl", "x509", "-inform", "DER", "-noout", "-text"], input=certificate, check=True,
                          capture_output=True).stdout.decode()
    assert "CN=attestd" in text and "NIST CURVE: P-256" in text and "ecdsa-with-SHA256" in text
    assert re.search(r"Not After : Dec 31 23:59:59 9999 GMT", text), text


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2], ids=str)
def test_older_tls_is_refused(service, version):
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    context.maximum_version = version
    with service.connect_tcp() as connection, pytest.raises((ssl.SSLError, ConnectionResetError)):
        context.wrap_socket(connection)
    service.good_evidence()


def test_plain_request_to_tls_gets_no_answer(service):
    with service.connect_tcp() as connection:
        connection.sendall(b"GET /v1/identity HTTP/1.1\r\nHost: x\r\n\r\n")
        assert not connection.recv(100).startswith(b"HTTP")


@pytest.mark.parametrize("algorithm", [(), ("rsa:2048",), ("ed25519",)], ids=str)
def test_channel_is_that_of_the_configured_key(folder, tpm, tmp_path, algorithm):
    """The channel is the configured key's, also where the certificate's file has more than one."""
    key, certificate = make_pair(tmp_path, "own", *algorithm)
    _, issuer = make_pair(tmp_path, "issuer")
    chain = tmp_path / "chain.pem"
    chain.write_text(certificate.read_text() + issuer.read_text())
    with another(folder, tpm.tcti, "--tls-key", key, "--tls-cert", chain) as service:
        assert service.channel == spki_hash(der(certificate))
        assert service.good_evidence()["version"] == 1
        assert service.curl("/v1/metrics", "--cacert", certificate)[0] == 200


def keys_that_fail(folder):
    key, certificate = make_pair(folder, "right")
    other, _ = make_pair(folder, "other")
    for name, text in (("empty", ""), ("text", "no key"), ("long", "x" * 65537), ("cut", key.read_text()[:-60])):
        (folder / name).write_text(text)
    openssl("pkey", "-in", key, "-aes256", "-passout", "pass:x", "-out", folder / "locked")
    (folder / "cut certificate").write_text(certificate.read_text()[:300])
    return {"no such key": (folder / "none", certificate, "No such file"),
            "no such certificate": (key, folder / "none", "No such file"),
            "an empty key": (folder / "empty", certificate, "empty"),
            "a key that is none": (folder / "text", certificate, "text"),
            "a key that is too long": (folder / "long", certificate, "File too large"),
            "half a key": (folder / "cut", certificate, "cut"),
            "a key with a password": (folder / "locked", certificate, "locked"),
            "an empty certificate": (key, folder / "empty", "empty"),
            "half a certificate": (key, folder / "cut certificate", "cut certificate"),
            "a key for a certificate": (key, key, "right.key"),
            "another key's certificate": (other, certificate, "not one of the key")}


def test_wrong_keys_stop_the_start_and_are_not_printed(tmp_path):
    for name, (key, certificate, words) in keys_that_fail(tmp_path).items():
        done = subprocess.run([ATTESTD, "--listen", "127.0.0.1:0", "--tls-key", key, "--tls-cert", certificate],
                              capture_output=True, text=True, timeout=PATIENCE_S)
        assert done.returncode == 1 and words in done.stderr and "PRIVATE KEY" not in done.stderr, (name, done.stderr)
