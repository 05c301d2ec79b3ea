# SPDX-License-Identifier: GPL-2.0-or-later
"""attestd with a software TPM, over loopback: right answers, every wrong request, floods, a TPM that goes away."""

import asyncio
import base64
import contextlib
import hashlib
import json
import os
import re
import resource
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

import pytest

from testbed.attestd import ATTESTD, JSON, NONCE, Attestd, Swtpm, another, b64, error_of
from testbed.emulator import PATIENCE_S
from testbed.tls import TLS

PCRS = [0, 1, 2, 3, 4, 5, 6, 7, 14, 17, 18, 19]
EMPTY = hashlib.sha256(b"").digest()
SILENCE_S, LIFE_S = 10, 60  # after which attestd closes a connection (attestd(8))
TPM_S = 20  # for which a request waits for the TPM
P256_SPKI = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004")  # RFC 5480, before X || Y


@pytest.fixture(scope="module")
def tcg_log(folder):
    path = folder / "log"
    path.write_bytes(os.urandom(40001))
    return path


@pytest.fixture(scope="module")
def service(folder, tpm, tcg_log):
    attestd = Attestd(folder, tpm.tcti, "--tcg-log", tcg_log, "--timeout", str(PATIENCE_S))
    yield attestd
    assert attestd.stop() == 0


@pytest.fixture(scope="module", autouse=True)
def silent(service):
    """A connection that sends half a request and no more; the last test checks the answer and its time."""
    ends = []

    def wait(connection, since):
        ends.append((connection.recv(100), time.monotonic() - since))

    with service.connect() as connection:
        connection.sendall(b"POST /v1/evidence HTTP/1.1\r\nHost: x\r\nContent-")
        waiting = threading.Thread(target=wait, args=(connection, time.monotonic()))
        waiting.start()
        yield waiting, ends
        waiting.join()


def digest_in_quote(quote):
    """pcrDigest, the last member of TPMS_QUOTE_INFO."""
    assert quote[-34:-32] == b"\0\x20"
    return quote[-32:]


def values_of(answer):
    return b"".join(base64.b64decode(pcr["sha256"]) for pcr in answer["pcrs"])


def serialized_pcrs(values):
    """
    tpm2-tools' file of PCR values: TPML_PCR_SELECTION and TPML_DIGESTs of 8 as C structures, little-endian.
    Its other format, the bare values, fails in tpm2_checkquote 5.7 for more than 8 of them.
    """
    select = bytearray(4)
    for pcr in PCRS:
        select[pcr // 8] |= 1 << pcr % 8
    data = (struct.pack("<IHB4s", 1, 0x0B, 3, bytes(select)) + b"\0").ljust(4 + 16 * 8, b"\0")
    digests = [values[i:i + 32] for i in range(0, len(values), 32)]
    lists = [digests[i:i + 8] for i in range(0, len(digests), 8)]
    data += struct.pack("<I", len(lists))
    for entries in lists:
        packed = b"".join(struct.pack("<H64s", 32, entry) for entry in entries)
        data += struct.pack("<I", len(entries)) + packed.ljust(8 * 66, b"\0")
    return data


# Right answers


def test_identity_has_both_keys_and_no_statement(service):
    status, _, body = service.curl("/v1/identity")
    answer = json.loads(body)
    assert status == 200
    assert list(answer) == ["version", "attestd", "ek_certificates", "ek_public", "ak_public", "hk_statement"]
    assert answer["version"] == 1 and answer["hk_statement"] is None
    ek, ak = base64.b64decode(answer["ek_public"]), base64.b64decode(answer["ak_public"])
    kind, name, attributes = struct.unpack_from(">HHI", ak)
    assert (kind, name) == (0x23, 0x0B), "an ECC key named by SHA-256"
    assert attributes == 0x00050472, "restricted, sign, fixedTPM, fixedParent, sensitiveDataOrigin, userWithAuth, noDA"
    [certificate] = map(base64.b64decode, answer["ek_certificates"])
    assert len(certificate) == 4 + struct.unpack_from(">H", certificate, 2)[0], "no padding after the certificate"
    assert ek[-256:] in certificate, "the EK's modulus stands in its certificate"


def test_evidence_agrees_with_tpm2_tools(service, tcg_log, tmp_path):
    answer = service.good_evidence()
    quote, signature = base64.b64decode(answer["quote"]), base64.b64decode(answer["signature"])
    assert [pcr["index"] for pcr in answer["pcrs"]] == PCRS
    log = tcg_log.read_bytes()
    assert base64.b64decode(answer["tcg_log"]["data"]) == log
    assert answer["hv_log"] == {"sha256": EMPTY.hex(), "data": ""}
    assert answer["hk_statement"] is None and answer["fresh"] is None
    digests = hashlib.sha256(log).digest() + EMPTY + EMPTY
    qualifying = hashlib.sha256(b"cloister-evidence-1" + NONCE + service.channel + digests)
    for name, data in ("quote", quote), ("signature", signature), ("pcrs", serialized_pcrs(values_of(answer))):
        (tmp_path / name).write_bytes(data)
    point = base64.b64decode(answer["ak_public"])[-68:]  # TPM2B X, TPM2B Y
    subprocess.run(["openssl", "pkey", "-pubin", "-inform", "DER", "-out", tmp_path / "ak.pem"], check=True,
                   input=P256_SPKI + point[2:34] + point[36:68])
    checkquote = ["tpm2_checkquote", "-u", tmp_path / "ak.pem", "-m", tmp_path / "quote", "-s", tmp_path / "signature",
                  "-f", tmp_path / "pcrs", "-g", "sha256"]
    subprocess.run([*checkquote, "-q", qualifying.hexdigest()], check=True, capture_output=True)
    assert subprocess.run([*checkquote, "-q", EMPTY.hex()], capture_output=True).returncode != 0
    (tmp_path / "pcrs").write_bytes(serialized_pcrs(bytes(32 * len(PCRS))))
    assert subprocess.run([*checkquote, "-q", qualifying.hexdigest()], capture_output=True).returncode != 0


def test_known_log_travels_once(service, tcg_log):
    log = tcg_log.read_bytes()
    digest = hashlib.sha256(log).hexdigest()
    assert service.good_evidence(known_logs=["00" * 32, digest])["tcg_log"] == {"sha256": digest}
    status, headers, body = service.curl(f"/v1/logs/{digest}")
    assert (status, headers["content-type"], body) == (200, "application/octet-stream", log)
    assert service.curl(f"/v1/logs/{EMPTY.hex()}")[::2] == (200, b""), "the hypervisor's log, which is empty here"


# Enrolment, against tpm2-tools' maker of credentials


def make_credential(folder, ek_public, name, secret):
    """Seals a secret to an endorsement key for a key's name; returns credential blob and encrypted secret."""
    (folder / "ek").write_bytes(struct.pack(">H", len(ek_public)) + ek_public)
    (folder / "secret").write_bytes(secret)
    subprocess.run(["tpm2_makecredential", "-T", "none", "-u", folder / "ek", "-s", folder / "secret", "-n", name.hex(),
                    "-o", folder / "credential"], check=True, capture_output=True)
    data = (folder / "credential").read_bytes()[8:]
    blob = data[2:2 + struct.unpack_from(">H", data)[0]]
    return blob, data[2 + len(blob) + 2:]


def identity_of(service):
    answer = json.loads(service.curl("/v1/identity")[2])
    return base64.b64decode(answer["ek_public"]), base64.b64decode(answer["ak_public"])


def name_of(public):
    return b"\0\x0b" + hashlib.sha256(public).digest()


def enrol(service, blob, secret, **members):
    body = {"credential_blob": b64(blob), "encrypted_secret": b64(secret)} | members
    status, _, answer = service.curl("/v1/enrol", *JSON, data=json.dumps(body).encode())
    return status, json.loads(answer)


@pytest.mark.parametrize("kind, algorithm", [("rsa", 1), ("ecc", 0x23)])
def test_enrol_opens_credentials_for_its_own_keys_alone(folder, tpm, tmp_path, kind, algorithm):
    with another(folder, tpm.tcti, "--ek", kind) as service:
        ek, ak = identity_of(service)
        assert struct.unpack_from(">H", ek)[0] == algorithm
        for secret in b"a secret", bytes(range(32)):
            blob, seed = make_credential(tmp_path, ek, name_of(ak), secret)
            assert enrol(service, blob, seed) == (200, {"version": 1, "secret": b64(secret)})
        other = make_credential(tmp_path, ek, name_of(ek), secret)
        changed = bytearray(blob)
        changed[-1] ^= 1
        for bad in other, (changed, seed), (blob[:-1], seed), (blob, seed[:-1]), (blob, bytes(len(seed))), (seed, blob):
            status, answer = enrol(service, *bad)
            assert status == 400 and answer["error"]["field"] in ("credential_blob", "encrypted_secret"), answer
        for _ in range(70):  # more than a TPM has room for sessions
            assert enrol(service, *other)[0] == 400
        assert enrol(service, blob, seed)[0] == 200
        assert service.evidence()[0] in (200, 503)


@pytest.mark.parametrize("members, code, field", [
    ({"credential_blob": ""}, "bad-field", "credential_blob"),
    ({"credential_blob": 7}, "bad-field", "credential_blob"),
    ({"credential_blob": b64(bytes(133))}, "bad-field", "credential_blob"),
    ({"encrypted_secret": b64(bytes(257))}, "bad-field", "encrypted_secret"),
    ({"encrypted_secret": "x"}, "bad-field", "encrypted_secret"),
    ({"more": 1}, "unknown-field", "more"),
], ids=str)
def test_wrong_enrolment_is_refused_by_field(service, members, code, field):
    status, answer = enrol(service, b"b", b"s", **members)
    assert (status, answer["error"]["code"], answer["error"]["field"]) == (400, code, field)


def tpm2(tpm, tool, *argv):
    return subprocess.run([f"tpm2_{tool}", "-T", tpm.tcti, *map(str, argv)], check=True, capture_output=True).stdout


def test_certificates_of_authorities_follow_the_keys_own(folder, tcg_log, tmp_path):
    """Those in NV, in pieces, and those in a file come after the endorsement key's own."""
    (folder / "chain").mkdir()
    tpm = Swtpm(folder / "chain")
    der = [b"\x30\x82" + struct.pack(">H", length) + os.urandom(length) for length in (600, 300, 400)]
    try:
        parts = der[0] + der[1] + b"\xff" * 16
        for index, part in (0x01C00101, parts[700:]), (0x01C00100, parts[:700]):
            (tmp_path / "part").write_bytes(part)
            tpm2(tpm, "nvdefine", f"{index:#x}", "-C", "o", "-s", len(part), "-a",
                 "ownerread|ownerwrite|authread|authwrite|no_da")
            tpm2(tpm, "nvwrite", f"{index:#x}", "-C", "o", "-i", tmp_path / "part")
        (tmp_path / "file").write_bytes(der[2])
        with another(folder, tpm.tcti, "--tcg-log", tcg_log, "--ek-certificates", tmp_path / "file") as service:
            answer = json.loads(service.curl("/v1/identity")[2])
        assert [base64.b64decode(text) for text in answer["ek_certificates"]][1:] == der
        with another(folder, tpm.tcti, "--ek-certificates", tmp_path / "none") as service:
            status, _, body = service.curl("/v1/identity")
            assert (status, error_of(body)[0]) == (503, "ek-certificates")
    finally:
        tpm.stop()


def test_metrics_count_evidence(service):
    names = "attestd_evidence_total", "attestd_quote_seconds_count", "attestd_quote_seconds_sum"
    before = [service.metric(name) for name in names]
    service.good_evidence()
    served, quotes, seconds = (service.metric(name) - old for name, old in zip(names, before))
    assert served == quotes == 1 and 0 < seconds < PATIENCE_S
    assert service.metric("cloister_up") == 0


# Wrong requests


def body_of(channel=bytes(32), **members):
    return json.dumps({"nonce": b64(NONCE), "channel": b64(channel)} | members).encode()


@pytest.mark.parametrize("body, code, field", [
    (b"", "bad-json", None),
    (b"{", "bad-json", None),
    (b"[]", "bad-json", None),
    (b"null", "bad-json", None),
    (b"\xff\xfe\x00", "bad-json", None),
    (b"[" * 4096, "bad-json", None),
    (body_of()[:-1], "bad-json", None),
    (body_of() + b"x", "bad-json", None),
    (b'{"nonce": "' + b64(NONCE).encode() + b'", "nonce": "' + b64(NONCE).encode() + b'"}', "bad-json", None),
    (b"{}", "missing-field", "nonce"),
    (b'{"nonce": "%s"}' % b64(NONCE).encode(), "missing-field", "channel"),
    (body_of(nonce=b64(bytes(31))), "bad-field", "nonce"),
    (body_of(nonce=b64(bytes(33))), "bad-field", "nonce"),
    (body_of(nonce=""), "bad-field", "nonce"),
    (body_of(nonce=7), "bad-field", "nonce"),
    (body_of(nonce=None), "bad-field", "nonce"),
    (body_of(nonce=[b64(NONCE)]), "bad-field", "nonce"),
    (body_of(nonce=b64(NONCE)[:-1]), "bad-field", "nonce"),
    (body_of(nonce=b64(NONCE)[:-2] + "9="), "bad-field", "nonce"),
    (body_of(nonce=b64(NONCE)[:40] + "\n" + b64(NONCE)[40:]), "bad-field", "nonce"),
    (json.dumps({"nonce": b64(NONCE), "channel": base64.urlsafe_b64encode(b"\xff" * 32).decode()}).encode(),
     "bad-field", "channel"),
    (body_of(extra=1), "unknown-field", "extra"),
    (body_of(**{"\x07" * 9: 1}), "unknown-field", "(unnamed)"),
    (body_of(known_logs={}), "bad-field", "known_logs"),
    (body_of(known_logs=["00" * 32] * 9), "bad-field", "known_logs"),
    (body_of(known_logs=["00" * 31]), "bad-field", "known_logs"),
    (body_of(known_logs=["AB" * 32]), "bad-field", "known_logs"),
    (body_of(known_logs=[1]), "bad-field", "known_logs"),
], ids=str)
def test_wrong_body_is_refused_by_field(service, body, code, field):
    status, _, answer = service.curl("/v1/evidence", *JSON, data=body)
    assert (status, error_of(answer)) == (400, (code, field))


@pytest.mark.parametrize("path, options, status, code", [
    ("/", (), 404, "no-such-path"),
    ("/v1/evidence/", JSON + ("-d", "{}"), 404, "no-such-path"),
    ("/v1/evidence", (), 405, "bad-method"),
    ("/v1/evidence", ("-X", "PUT", "-d", "{}"), 405, "bad-method"),
    ("/v1/identity", JSON + ("-d", "{}"), 405, "bad-method"),
    ("/v1/evidence", ("-d", "{}"), 415, "bad-type"),
    ("/v1/evidence", ("-H", "Content-Type: application/jsonx", "-d", "{}"), 415, "bad-type"),
    ("/v1/evidence", ("-H", "Content-Type:", "-d", "{}"), 415, "bad-type"),
    ("/v1/logs/", (), 400, "bad-field"),
    ("/v1/logs/" + "0" * 63, (), 400, "bad-field"),
    ("/v1/logs/" + "0" * 65, (), 400, "bad-field"),
    ("/v1/logs/" + "0" * 64, (), 404, "no-such-log"),
    ("/v1/enrol", JSON + ("-d", "{}"), 400, "missing-field"),
    ("/v1/enrol", (), 405, "bad-method"),
], ids=str)
def test_wrong_request_has_its_status_and_code(service, path, options, status, code):
    got, headers, body = service.curl(path, *options)
    assert (got, error_of(body)[0]) == (status, code)
    if status == 405:
        assert headers["allow"] == ("post" if path in ("/v1/evidence", "/v1/enrol") else "get")


def test_longest_body_is_read(service):
    padded = body_of(service.channel).ljust(4096)
    assert service.curl("/v1/evidence", *JSON, data=padded)[0] == 200
    assert service.curl("/v1/evidence", *JSON, "-H", "Transfer-Encoding: chunked", data=padded)[0] == 200


@pytest.mark.parametrize("options", [(), ("-H", "Transfer-Encoding: chunked"), ("-H", "Expect: 100-continue")], ids=str)
def test_body_too_large_is_refused(service, options):
    status, _, answer = service.curl("/v1/evidence", *JSON, *options, data=body_of().ljust(4097))
    assert (status, error_of(answer)[0]) == (413, "too-large")


def test_endless_body_is_cut(service):
    with service.connect() as connection:
        connection.sendall(b"POST /v1/evidence HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                           b"Transfer-Encoding: chunked\r\n\r\n")
        with pytest.raises((BrokenPipeError, ConnectionResetError, ssl.SSLError)):
            for _ in range(1 << 18):  # far more than the network's buffers take
                connection.sendall(b"400\r\n" + b" " * 0x400 + b"\r\n")
    service.good_evidence()


@pytest.mark.parametrize("garbage", [
    b"\0" * 100, b"GET\r\n\r\n", b"A" * 100000, b"GET / HTTP/9.9\r\n\r\n",
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    b"GET /v1/identity HTTP/1.1\r\nHost: x\r\n" + b"X: " + b"y" * 40000 + b"\r\n\r\n",
    b"POST /v1/evidence HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999999999999\r\n\r\n",
    b"POST /v1/evidence HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
], ids=range(8))
def test_garbage_is_refused_and_service_goes_on(service, garbage):
    with service.connect() as connection:
        with contextlib.suppress(OSError):  # it may close the connection at any byte
            connection.sendall(garbage)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(100)
            assert not answer.startswith(b"HTTP/1.1 2")
    service.good_evidence()


def evidence_request(service, *headers):
    body = body_of(service.channel)
    head = ["POST /v1/evidence HTTP/1.1", "Host: x", "Content-Type: application/json", f"Content-Length: {len(body)}",
            *headers]
    return "\r\n".join(head).encode() + b"\r\n\r\n" + body


def test_cut_connections_are_counted(service):
    before = service.metric("attestd_cut_total")
    request = evidence_request(service, "Expect: 100-continue")
    for length in range(1, len(request), 7):
        with service.connect() as connection:
            connection.sendall(request[:length])
    head = request.index(b"\r\n\r\n") + 4
    with service.connect() as connection:  # in the middle of the body, for certain
        connection.sendall(request[:head])
        assert connection.recv(100).startswith(b"HTTP/1.1 100")
        connection.sendall(request[head:-10])
        service.settle()  # an end that comes with the last bytes may be seen only when SILENCE_S is over
    with service.connect() as connection:  # in the middle of the answer
        connection.sendall(request)
        connection.recv(1)
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    service.good_evidence()
    deadline = time.monotonic() + SILENCE_S + PATIENCE_S
    while service.metric("attestd_cut_total") == before:
        assert time.monotonic() < deadline
        time.sleep(0.05)


# Floods


async def one_request(port, request):
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=TLS)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer


def test_a_thousand_requests_at_once_are_answered(service):
    request = evidence_request(service)
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(max(files, 2048), most), most))

    async def flood():
        return await asyncio.wait_for(asyncio.gather(*(one_request(service.port, request) for _ in range(1000))),
                                      PATIENCE_S)

    answers = asyncio.run(flood())
    statuses = [int(answer.split(b" ", 2)[1]) for answer in answers]
    assert len(answers) == 1000 and set(statuses) <= {200, 503}
    assert statuses.count(200) >= 64, "as many as may wait are served"
    for status, answer in zip(statuses, answers):
        head, _, body = answer.partition(b"\r\n\r\n")
        assert len(body) == int(re.search(rb"Content-Length: (\d+)", head)[1])
        assert status == 200 or b"\r\nRetry-After: " in head
    service.good_evidence()
    print("answered:", statuses.count(200), "turned away:", statuses.count(503))


# A TPM that is busy, stopped, gone


def test_stopped_tpm_is_busy_until_it_goes_on(folder, tpm, tcg_log):
    patience = 2
    with another(folder, tpm.tcti, "--tcg-log", tcg_log, "--timeout", str(patience)) as service:
        key = service.evidence_at_last()["ak_public"]
        tpm.process.send_signal(signal.SIGSTOP)
        try:
            began = time.monotonic()
            status, headers, body = service.evidence()
            assert (status, error_of(body)[0]) == (503, "tpm-busy")
            assert headers["retry-after"] and patience <= time.monotonic() - began < TPM_S - 1
            assert service.curl("/v1/metrics")[0] == 200, "what needs no TPM is served meanwhile"
        finally:
            tpm.process.send_signal(signal.SIGCONT)
        assert service.evidence_at_last()["ak_public"] == key


def test_service_ends_while_the_tpm_is_stopped(folder, tpm):
    with another(folder, tpm.tcti, "--timeout", str(PATIENCE_S)) as service, service.connect() as waiting:
        service.good_evidence()
        tpm.process.send_signal(signal.SIGSTOP)
        try:
            waiting.sendall(evidence_request(service))
            service.wait_metric("attestd_waiting", 1)
            assert service.stop() == 0
        finally:
            tpm.process.send_signal(signal.SIGCONT)


def test_service_ends_while_the_tpm_is_stopped_and_nobody_waits(folder, tpm):
    """The attestation key, which is to be flushed at the end, is given up."""
    with another(folder, tpm.tcti) as service:
        service.good_evidence()
        tpm.process.send_signal(signal.SIGSTOP)
        try:
            assert service.stop() == 0
        finally:
            tpm.process.send_signal(signal.SIGCONT)


def test_tpm_that_dies_is_gone_until_it_comes_back(folder, tcg_log):
    (folder / "mortal").mkdir()
    tpm = Swtpm(folder / "mortal")
    try:
        with another(folder, tpm.tcti, "--tcg-log", tcg_log) as service:
            key = service.good_evidence()["ak_public"]
            tpm.stop()
            status, headers, body = service.evidence()
            assert (status, error_of(body)[0]) == (503, "tpm-gone") and headers["retry-after"]
            tpm.start()
            assert service.good_evidence()["ak_public"] == key, "the same primary key again"
            tpm.stop()
            assert service.curl("/v1/identity")[0] == 503
    finally:
        tpm.stop()


def test_power_cuts_do_not_lock_the_key_out(folder, tcg_log):
    """TPM2_Quote by a key without noDA answers TPM_RC_LOCKOUT (0x921) after three power cuts that were not orderly."""
    (folder / "cut").mkdir()
    tpm = Swtpm(folder / "cut")
    try:
        for _ in range(5):
            with another(folder, tpm.tcti, "--tcg-log", tcg_log) as service:
                service.good_evidence()
                tpm.stop()  # no TPM2_Shutdown: the power is gone while the key is in use
            tpm.start()
    finally:
        tpm.stop()


# Between the service and its TPM, by tpm2-tss's TCTI "cmd": meddles with the first 'times' TPM2_Quote commands.
MEDDLER = """
import pathlib, socket, struct, sys
path, counter, times, what = sys.argv[1], pathlib.Path(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
REFUSALS = {"busy": struct.pack(">HII", 0x8001, 10, 0x922), "lockout": struct.pack(">HII", 0x8001, 10, 0x921)}
EXTEND_PCR_7 = struct.pack(">HIIIIIHBHIH", 0x8002, 65, 0x182, 7, 9, 0x40000009, 0, 0, 0, 1, 0x0B) + bytes(32)
def tpm(request):
    with socket.socket(socket.AF_UNIX) as s:
        s.connect(path)
        s.sendall(request)
        return s.recv(4096)
while head := sys.stdin.buffer.read(10):
    request = head + sys.stdin.buffer.read(struct.unpack(">I", head[2:6])[0] - 10)
    count = int(counter.read_text() or "0")
    meddle = head[6:] == struct.pack(">I", 0x158) and count < times
    if meddle:
        counter.write_text(str(count + 1))
    if meddle and what == "extend":
        assert tpm(EXTEND_PCR_7)[6:10] == bytes(4)
    sys.stdout.buffer.write(REFUSALS[what] if meddle and what in REFUSALS else tpm(request))
    sys.stdout.buffer.flush()
"""


class Meddler:
    def __init__(self, folder, tpm, times, what):
        self.counter = folder / "count"
        self.counter.write_text("")
        (folder / "meddler.py").write_text(MEDDLER)
        self.tcti = f"cmd:{sys.executable} {folder}/meddler.py {tpm.socket} {self.counter} {times} {what}"

    def times(self):
        return int(self.counter.read_text())


@pytest.mark.parametrize("times, status, least", [(12, 200, 12), (10000, 503, 20)])
def test_busy_tpm_is_asked_again(folder, tpm, tmp_path, times, status, least):
    """TPM2_Quote answers TPM_RC_RETRY (0x922), a few times or always."""
    meddler = Meddler(tmp_path, tpm, times, "busy")
    with another(folder, meddler.tcti, "--timeout", str(PATIENCE_S)) as service:
        got, _, body = service.evidence()
        assert got == status
        assert status == 200 or error_of(body)[0] == "tpm-busy"
        assert meddler.times() >= least
        assert service.metric("attestd_tpm_retries_total") > 0


def test_lockout_is_named_with_when_to_come_again(folder, tpm, tmp_path):
    """TPM2_Quote answers TPM_RC_LOCKOUT (0x921): the answer says what it is and when to come again."""
    meddler = Meddler(tmp_path, tpm, 1, "lockout")
    with another(folder, meddler.tcti, "--timeout", str(PATIENCE_S)) as service:
        status, headers, body = service.evidence()
        assert (status, error_of(body)[0], headers["retry-after"]) == (503, "tpm-lockout", "1000")
        status, headers, body = service.curl("/v1/logs/" + "0" * 64)
        assert status == 404 and "retry-after" not in headers
        service.good_evidence()


@pytest.mark.parametrize("times, status", [(0, 200), (1, 200), (2, 200), (100, 503)])
def test_values_are_the_quoted_ones_if_a_pcr_moves(folder, tpm, tmp_path, times, status):
    """PCR 7 is extended after the values were read, a few times or always."""
    meddler = Meddler(tmp_path, tpm, times, "extend")
    with another(folder, meddler.tcti) as service:
        got, _, body = service.evidence()
        assert got == status
        if status == 503:
            assert error_of(body)[0] == "pcrs-moved"
        else:
            answer = json.loads(body)
            quoted = digest_in_quote(base64.b64decode(answer["quote"]))
            assert quoted == hashlib.sha256(values_of(answer)).digest()
            assert times == 0 or meddler.times() == times


# Sources that fail, and the command line


@pytest.mark.parametrize("options, code", [
    (("--device", "/dev/null"), "hypervisor-failed"),
    (("--device", "/dev/null/x"), "hypervisor-failed"),
    (("--tcg-log", "/proc"), "tcg-log"),
    (("--tcg-log", "/dev/zero"), "tcg-log"),
], ids=str)
def test_source_that_fails_is_named(folder, tpm, options, code):
    with another(folder, tpm.tcti, *options) as service:
        status, _, body = service.evidence()
        assert (status, error_of(body)[0]) == (503, code)


def test_missing_tpm_is_not_opened_at_each_request(folder, tpm):
    with another(folder, f"swtpm:path={folder}/nothing", "--tcg-log", folder / "nothing") as service:
        status, headers, body = service.evidence()
        assert (status, error_of(body)[0]) == (503, "tpm-gone") and headers["retry-after"]
        began, errors = time.monotonic(), service.metric("attestd_tpm_errors_total")
        for _ in range(50):
            assert service.evidence()[0] == 503
        attempts = service.metric("attestd_tpm_errors_total") - errors
        seconds = time.monotonic() - began
        assert attempts <= seconds + 1, "no attempt to open it within a second of a vain one"
    with another(folder, tpm.tcti, "--tcg-log", folder / "nothing") as service:
        assert service.good_evidence()["tcg_log"] == {"sha256": EMPTY.hex(), "data": ""}


@pytest.mark.parametrize("arguments, status", [
    (["--help"], 0), (["--version"], 0), (["--unknown"], 2), (["file"], 2), (["--listen"], 2),
    (["--listen", "8180"], 2), (["--listen", "127.0.0.1:65536"], 2), (["--listen", "::1:80"], 2),
    (["--listen", "host:80"], 2), (["--timeout", "0"], 2), (["--timeout", "1x"], 2), (["--listen", "192.0.2.1:1"], 1),
    (["--ek", "dsa"], 2),
    (["--tls-key", "k"], 2), (["--tls-cert", "c"], 2), (["--plain-http", "--tls-key", "k", "--tls-cert", "c"], 2),
], ids=str)
def test_command_line_has_its_exit_status(arguments, status):
    done = subprocess.run([ATTESTD, *arguments], capture_output=True, timeout=PATIENCE_S)
    assert done.returncode == status
    assert done.stdout if status == 0 else done.stderr


def test_port_in_use_is_reported(service):
    done = subprocess.run([ATTESTD, "--listen", f"127.0.0.1:{service.port}"], capture_output=True,
                          timeout=PATIENCE_S)
    assert done.returncode == 1 and b"cannot listen" in done.stderr


def test_silent_connection_is_closed(silent):
    waiting, ends = silent
    waiting.join()
    [(answer, seconds)] = ends
    assert not answer.startswith(b"HTTP/1.1 2")
    assert SILENCE_S - 1 < seconds < LIFE_S - 10
