# SPDX-License-Identifier: GPL-2.0-or-later
"""Enrolment: the tenant's tool, attestd and a software TPM with certificates; every wrong host is refused."""

import base64
import datetime
import fcntl
import hashlib
import http.server
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import threading

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils

from testbed.attestd import Attestd, Swtpm, another
from testbed.emulator import OUT, PATIENCE_S

# Exit codes of 'cloister enrol'.
ENROLLED, USAGE, FORMAT, IDENTITY = 0, 2, 11, 12
TRANSPORT = 10
NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
EK_USAGE = x509.ObjectIdentifier("2.23.133.8.1")
ATTRIBUTES = x509.ObjectIdentifier("2.5.29.9")
TCG_EXTENSION = x509.ObjectIdentifier("2.23.133.2.99")


def cloister(*argv):
    done = subprocess.run([OUT / "cloister", *map(str, argv)], capture_output=True, text=True, timeout=PATIENCE_S)
    return done.returncode, done.stdout + done.stderr


class Authority:
    """A certificate authority in memory."""

    def __init__(self, name, issuer=None, *, key=None, start=NOW - DAY, end=NOW + 365 * DAY, ca=True):
        self.name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, name)])
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.certificate = self.issue(None, self.key.public_key(), subject=self.name, issuer=issuer or self,
                                      start=start, end=end, ca=ca)

    def issue(self, tpm, key, *, subject=None, issuer=None, start=NOW - DAY, end=NOW + 365 * DAY, ca=False, usage=None,
              extended=(EK_USAGE,), model=(1, 2, 3), more=(), digest=None):
        """A certificate, for an endorsement key as the profile has it: empty subject, critical alternative name."""
        issuer = issuer or self
        builder = (x509.CertificateBuilder().subject_name(subject or x509.Name([])).issuer_name(issuer.name)
                   .public_key(key).serial_number(x509.random_serial_number()).not_valid_before(start)
                   .not_valid_after(end).add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True))
        if tpm:
            texts = {1: "id:00001014", 2: tpm, 3: "id:00010000"}
            name = x509.Name([x509.NameAttribute(x509.ObjectIdentifier(f"2.23.133.2.{i}"), texts[i]) for i in model])
            builder = builder.add_extension(x509.SubjectAlternativeName([x509.DirectoryName(name)]), critical=True)
            if extended:
                builder = builder.add_extension(x509.ExtendedKeyUsage(extended), critical=False)
        names = ("digital_signature", "content_commitment", "key_encipherment", "data_encipherment", "key_agreement",
                 "key_cert_sign", "crl_sign", "encipher_only", "decipher_only")
        if usage is None:
            usage = {"key_cert_sign", "crl_sign"} if ca else {
                "key_encipherment" if isinstance(key, rsa.RSAPublicKey) else "key_agreement"}
        if usage:
            builder = builder.add_extension(x509.KeyUsage(**{name: name in usage for name in names}), critical=True)
        for oid, critical in more:
            builder = builder.add_extension(x509.UnrecognizedExtension(oid, b"\x30\x00"), critical=critical)
        return builder.sign(issuer.key, digest or hashes.SHA256())

    def crl(self, *revoked, issuer=None, last=NOW - DAY, end=NOW + DAY):
        builder = (x509.CertificateRevocationListBuilder().issuer_name((issuer or self).name).last_update(last)
                   .next_update(end))
        for certificate in revoked:
            builder = builder.add_revoked_certificate(
                x509.RevokedCertificateBuilder().serial_number(certificate.serial_number)
                .revocation_date(NOW - DAY).build())
        return builder.sign(self.key, hashes.SHA256())


def pem(thing):
    return thing.public_bytes(serialization.Encoding.PEM)


def der(thing):
    return thing.public_bytes(serialization.Encoding.DER)


def folder_of(path, *things):
    """A folder with certificates and CRLs, each in a file."""
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True)
    for number, thing in enumerate(things):
        (path / f"{number}.pem").write_bytes(thing if isinstance(thing, bytes) else pem(thing))
    return path


class Bed:
    """A TPM with the certificate that swtpm_setup made, its service, and the root that vouches for it."""

    def __init__(self, folder):
        folder.mkdir()
        self.tpm = Swtpm(folder)
        self.service = Attestd(folder, self.tpm.tcti)
        self.roots = folder_of(folder / "roots", (folder / "swtpm-localca-rootca-cert.pem").read_bytes())
        self.issuer = folder_of(folder / "issuer", (folder / "ca.pem").read_bytes())
        answer = json.loads(self.service.curl("/v1/identity")[2])
        self.ek, self.ak = (base64.b64decode(answer[key]) for key in ("ek_public", "ak_public"))
        self.certificate = base64.b64decode(answer["ek_certificates"][0])

    def enrol(self, store, *more, roots=None, issuer=None, name="host-a"):
        return cloister("enrol", self.service.url, "--name", name, "--roots", roots or self.roots, "--certificates",
                        issuer or self.issuer, "--store", store, *more)

    def close(self):
        assert self.service.stop() == 0
        self.tpm.stop()


@pytest.fixture(scope="module")
def bed(folder):
    bed = Bed(folder / "a")
    yield bed
    bed.close()


@pytest.fixture(scope="module")
def other(folder):
    bed = Bed(folder / "b")
    yield bed
    bed.close()


def name_of(public):
    return "000b" + hashlib.sha256(public).hexdigest()


def key_hash(certificate):
    """SHA-256 of its SubjectPublicKeyInfo."""
    spki = x509.load_der_x509_certificate(certificate).public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    return hashlib.sha256(spki).hexdigest()


def stored(store, name="host-a"):
    return json.loads((store / f"{name}.json").read_text())


def sealed(host):
    """A host's file, of a right checksum."""
    host = {name: value for name, value in host.items() if name != "sha256"}
    shortest = json.dumps(host, sort_keys=True, separators=(",", ":"))
    return json.dumps(host | {"sha256": hashlib.sha256(shortest.encode()).hexdigest()})


class TestEnrolled:
    def test_pins_both_keys(self, bed, tmp_path):
        status, text = bed.enrol(tmp_path)
        assert status == ENROLLED and "ENROLLED: host-a" in text, text
        host = stored(tmp_path)
        assert (host["ek_name"], host["ak_name"]) == (name_of(bed.ek), name_of(bed.ak))
        assert host["certificate"]["sha256"] == hashlib.sha256(bed.certificate).hexdigest()
        assert host["memory"] is None and [path.name for path in tmp_path.iterdir()] == ["host-a.json"]
        assert bed.enrol(tmp_path)[0] == ENROLLED, "the same again"
        assert stored(tmp_path)["ek_name"] == host["ek_name"]

    def test_json_has_the_same_result(self, bed, other, tmp_path):
        """The same result for programs: enrolled, and refused."""
        status, text = bed.enrol(tmp_path, "--json")
        said = json.loads(text)
        assert (status, said["enrolled"], said["host"]) == (0, True, "host-a")
        assert (said["exit_code"], said["refusals"]) == (0, [])
        assert (said["tpm"]["ek_name"], said["tpm"]["ak_name"]) == (name_of(bed.ek), name_of(bed.ak))
        assert said["tpm"]["certificate_sha256"] == hashlib.sha256(bed.certificate).hexdigest()
        assert said["tpm"]["key_sha256"] == key_hash(bed.certificate)
        assert said["tpm"]["ek_kind"] == "RSA 2048" and said["tpm"]["tolerated"] == []
        status, text = other.enrol(tmp_path, "--json")
        said = json.loads(text)
        assert (status, said["enrolled"], said["tpm"], said["exit_code"]) == (IDENTITY, False, None, IDENTITY)
        assert [refusal["code"] for refusal in said["refusals"]] == ["host-with-another-tpm"]
        assert "--replace" in said["refusals"][0]["next"]

    def test_default_name_is_the_address(self, bed, tmp_path):
        status, text = cloister("enrol", bed.service.url, "--roots", bed.roots, "--certificates", bed.issuer, "--store",
                                tmp_path)
        assert status == ENROLLED, text
        assert stored(tmp_path, "127.0.0.1")["host"] == "127.0.0.1"

    def test_hosts_are_listed_shown_and_forgotten(self, bed, tmp_path):
        assert cloister("hosts", "list", "--store", tmp_path) == (0, "")
        bed.enrol(tmp_path, name="Host-A")
        status, text = cloister("hosts", "list", "--store", tmp_path)
        assert status == 0 and text.startswith("host-a "), text
        status, text = cloister("hosts", "show", "host-a", "--store", tmp_path)
        assert status == 0 and name_of(bed.ak) in text and "seen                not yet" in text, text
        assert f"key SHA-256         {key_hash(bed.certificate)}\n" in text, text
        assert cloister("hosts", "forget", "host-a", "--store", tmp_path)[0] == 0
        assert cloister("hosts", "forget", "host-a", "--store", tmp_path)[0] == USAGE
        assert cloister("hosts", "show", "host-a", "--store", tmp_path)[0] == USAGE
        for wrong in ["show"], ["list", "x"], ["frob"], [], ["show", "../x"]:
            assert cloister("hosts", *wrong, "--store", tmp_path)[0] == USAGE

    def test_host_that_a_policy_pins_can_be_enrolled(self, bed, tmp_path):
        """Under the name by which it is remembered, which it keeps, and under another one."""
        assert bed.enrol(tmp_path)[0] == ENROLLED
        memory = {"reset_count": 1, "restart_count": 0, "clock_ms": 1, "firmware_version": "0" * 16,
                  "boot_id": "00" * 32, "policy_serial": 9}
        for ak_name, kept in (name_of(bed.ak), memory), ("000b" + "11" * 32, None):
            pinned = {"ek_name": None, "enrolled": None, "certificate": None, "ak_name": ak_name, "memory": memory}
            (tmp_path / "host-a.json").write_text(sealed(stored(tmp_path) | pinned))
            assert bed.enrol(tmp_path, name="host-b")[0] == ENROLLED
            assert cloister("hosts", "forget", "host-b", "--store", tmp_path)[0] == 0
            status, text = bed.enrol(tmp_path)
            assert status == ENROLLED, text
            host = stored(tmp_path)
            assert (host["ek_name"], host["ak_name"]) == (name_of(bed.ek), name_of(bed.ak)) and host["memory"] == kept

    def test_other_machine_under_the_name_is_refused(self, bed, other, tmp_path):
        assert bed.enrol(tmp_path)[0] == ENROLLED
        before = (tmp_path / "host-a.json").read_bytes()
        status, text = other.enrol(tmp_path)
        assert status == IDENTITY and "host-with-another-tpm" in text and "--replace" in text, text
        assert (tmp_path / "host-a.json").read_bytes() == before
        assert other.enrol(tmp_path, "--replace")[0] == ENROLLED
        assert stored(tmp_path)["ek_name"] == name_of(other.ek)

    def test_same_machine_with_another_key_is_refused(self, bed, tmp_path):
        """As after a clear of the endorsement hierarchy: the store says that another key was enrolled."""
        assert bed.enrol(tmp_path)[0] == ENROLLED
        (tmp_path / "host-a.json").write_text(sealed(stored(tmp_path) | {"ak_name": "000b" + "11" * 32}))
        status, text = bed.enrol(tmp_path)
        assert status == IDENTITY and "refused: host-with-another-key " in text and "--replace" in text, text
        assert bed.enrol(tmp_path, "--replace")[0] == ENROLLED
        assert stored(tmp_path)["ak_name"] == name_of(bed.ak)

    def test_same_machine_under_another_name_is_refused(self, bed, other, tmp_path):
        assert bed.enrol(tmp_path)[0] == other.enrol(tmp_path, name="host-b")[0] == ENROLLED
        status, text = bed.enrol(tmp_path, name="host-c")
        assert status == IDENTITY and "tpm-of-another-host" in text and "the TPM of host-a" in text, text
        assert bed.enrol(tmp_path, "--replace", name="host-b")[0] == IDENTITY, "nor in place of another"
        assert cloister("hosts", "forget", "host-a", "--store", tmp_path)[0] == 0
        assert bed.enrol(tmp_path, name="host-c")[0] == ENROLLED

    @pytest.mark.parametrize("what", ["ek", "ak", "spki"])
    def test_denied_key_is_refused(self, bed, tmp_path, what):
        line = {"ek": name_of(bed.ek), "ak": name_of(bed.ak), "spki": key_hash(bed.certificate)}[what]
        (tmp_path / "denied").write_text(f"# stolen\n\n{'00' * 34}\n{line} taken out of its machine\n")
        status, text = bed.enrol(tmp_path)
        assert status == IDENTITY and "key-denied" in text and "taken out of its machine" in text, text
        (tmp_path / "denied").write_text("000b12\n")
        status, text = bed.enrol(tmp_path)
        assert status == USAGE and "line 1" in text, text
        assert not (tmp_path / "host-a.json").exists()

    def test_denied_after_it_was_enrolled(self, bed, tmp_path):
        assert bed.enrol(tmp_path)[0] == ENROLLED
        (tmp_path / "denied").write_text(f"{name_of(bed.ek)} stolen\n")
        status, text = bed.enrol(tmp_path)
        assert status == IDENTITY and "key-denied" in text, text

    def test_denied_key_is_refused_under_a_twin_of_its_certificate(self, bed, tmp_path):
        """Whoever has a certificate can change s of its signature to n - s: another digest, as valid."""
        key = x509.load_der_x509_certificate(bed.certificate).public_key()
        roots = folder_of(tmp_path / "roots", ROOT.certificate)
        certificate = der(leaf(key))
        for number, one in enumerate((certificate, twin(certificate))):
            store = tmp_path / f"{number}"

            def enrol(one=one, store=store):
                relay = Relay(bed.service, lambda answer: answer.update(ek_certificates=[b64(one)]))
                return through(relay, store, roots)

            status, text = enrol()
            assert status == ENROLLED, text
            assert stored(store)["certificate"]["sha256"] == hashlib.sha256(one).hexdigest()
            (store / "denied").write_text(f"{key_hash(certificate)} stolen\n")
            status, text = enrol()
            assert status == IDENTITY and "key-denied" in text, text

    def test_digest_of_a_certificate_denies_nothing(self, bed, tmp_path):
        """Or people would rely on what a twin evades."""
        (tmp_path / "denied").write_text(f"{hashlib.sha256(bed.certificate).hexdigest()} a certificate\n")
        assert bed.enrol(tmp_path)[0] == ENROLLED

    @pytest.mark.parametrize("same", ["ek_name", "ak_name", "key_sha256"])
    def test_any_key_of_another_host_is_refused(self, bed, tmp_path, same):
        assert bed.enrol(tmp_path)[0] == ENROLLED
        host = stored(tmp_path)
        strange = {"ek_name": "000b" + "11" * 32, "ak_name": "000b" + "22" * 32, "key_sha256": "33" * 32}
        strange.pop(same)
        host["certificate"] |= {"key_sha256": strange.pop("key_sha256", host["certificate"]["key_sha256"])}
        (tmp_path / "host-a.json").write_text(sealed(host | strange))
        status, text = bed.enrol(tmp_path, name="host-b")
        assert status == IDENTITY and "tpm-of-another-host" in text, text

    def test_same_machine_with_its_other_endorsement_key_is_refused(self, bed, folder, tmp_path):
        assert bed.enrol(tmp_path / "store")[0] == ENROLLED
        with another(folder, bed.tpm.tcti, "--ek", "ecc") as service:
            key = ecc_key(base64.b64decode(json.loads(service.curl("/v1/identity")[2])["ek_public"]))
            relay = Relay(service, lambda answer: answer.update(ek_certificates=[b64(der(leaf(key)))]))
            roots = folder_of(tmp_path / "roots", ROOT.certificate)
            status, text = through(relay, tmp_path / "store", roots, "--name", "host-b")
        assert status == IDENTITY and "tpm-of-another-host" in text and "the TPM of host-a" in text, text
        assert [path.name for path in (tmp_path / "store").iterdir()] == ["host-a.json"]


class TestMeanwhile:
    """What other processes write to the store while the host answers an enrolment."""

    def run(self, bed, store, meanwhile, *more):
        def enrol(body):
            status, _, answer = bed.service.curl("/v1/enrol", "-H", "Content-Type: application/json", data=body)
            meanwhile()
            return status, answer

        return through(Relay(bed.service, enrol=enrol), store, bed.roots, "--certificates", bed.issuer, *more)

    def test_later_memory_is_kept(self, bed, tmp_path):
        """The other process holds the folder's lock, and writes just before it gives it back."""
        assert bed.enrol(tmp_path)[0] == ENROLLED
        memory = {"reset_count": 7, "restart_count": 0, "clock_ms": 9, "firmware_version": "0" * 16,
                  "boot_id": "00" * 32, "policy_serial": 3}

        def write(lock):
            (tmp_path / "host-a.json").write_text(sealed(stored(tmp_path) | {"memory": memory}))
            os.close(lock)

        def verified():
            lock = os.open(tmp_path, os.O_RDONLY)
            fcntl.flock(lock, fcntl.LOCK_EX)
            threading.Timer(1, write, (lock,)).start()

        status, text = self.run(bed, tmp_path, verified)
        assert status == ENROLLED, text
        assert stored(tmp_path)["memory"] == memory

    def test_two_names_at_the_same_time_are_refused(self, bed, tmp_path):
        status, text = self.run(bed, tmp_path, lambda: bed.enrol(tmp_path, name="host-b"))
        assert status == IDENTITY and "tpm-of-another-host" in text, text
        assert [path.name for path in tmp_path.iterdir()] == ["host-b.json"]

    def test_denied_meanwhile(self, bed, tmp_path):
        denied = tmp_path / "denied"
        status, text = self.run(bed, tmp_path, lambda: denied.write_text(f"{name_of(bed.ek)} stolen\n"))
        assert status == IDENTITY and "key-denied" in text, text
        assert not (tmp_path / "host-a.json").exists()


POLICY = json.dumps({
    "version": 2, "serial": 1, "not_before": None, "not_after": None,
    "loader": [{"name": "l", "authenticode_sha256": "00" * 32}], "before_loader": [],
    "hypervisor": [{"name": "h", "sha256": "00" * 32, "version": "0.1.0", "svn": 1, "debug": False}],
    "config": [{"name": "c", "sha256": hashlib.sha256(b"abc").hexdigest(), "text": "abc"}],
    "firmware": "unchecked", "identity": {"ak_names": []},
    "minimum_svn": 1, "allow_debug": False, "allow_weak_binding": False, "allow_no_tpm": False,
    "require_dma_remapping": False, "require_floor_closed": False, "allow_smt_exposed": False})


def edit(change):
    def apply(path):
        data = json.loads(path.read_text())
        change(data)
        path.write_text(json.dumps(data))
    return apply


class TestHostStore:
    @pytest.mark.parametrize("damage", [
        edit(lambda host: host.update(ak_name="000b" + "00" * 32)),
        edit(lambda host: host.update(ak_name="12")),
        edit(lambda host: host.pop("memory")),
        edit(lambda host: host.update(more=1)),
        edit(lambda host: host.update(version=2)),
        edit(lambda host: host["certificate"].update(root="another")),
        lambda path: path.write_bytes(path.read_bytes()[:-40]),
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"\0" * 500),
        lambda path: path.write_bytes(path.read_bytes() + b" " * 20000),
        lambda path: (path.unlink(), path.mkdir()),
        lambda path: (path.rename(path.parent / "x"), path.symlink_to(path.parent / "x")),
        lambda path: path.write_text(path.read_text().replace('"host-a"', '"host-b"')),
    ], ids=range(13))
    def test_damaged_record_is_not_believed(self, bed, tmp_path, damage):
        assert bed.enrol(tmp_path)[0] == ENROLLED
        damage(tmp_path / "host-a.json")
        policy = tmp_path.parent / "policy.json"
        policy.write_text(POLICY)
        verify = ("verify", bed.service.url, "--policy", policy, "--name", "host-a", "--no-cache", "--store", tmp_path)
        for argv in (verify, (*verify, "--any-tpm"),
                     ("hosts", "list", "--store", tmp_path), ("hosts", "show", "host-a", "--store", tmp_path)):
            status, text = cloister(*argv)
            assert status == USAGE and "nothing in it is believed" in text, text
        assert bed.enrol(tmp_path)[0] == USAGE and bed.enrol(tmp_path, name="host-b")[0] == USAGE

    def test_damaged_record_can_be_replaced(self, bed, tmp_path):
        assert bed.enrol(tmp_path)[0] == ENROLLED
        (tmp_path / "host-a.json").write_text("{}")
        assert bed.enrol(tmp_path, "--replace")[0] == ENROLLED
        assert stored(tmp_path)["ak_name"] == name_of(bed.ak)

    def test_damaged_record_hides_no_other_host(self, bed, other, tmp_path):
        """One TPM never gets a second name, not in place of a record that nobody can read."""
        assert bed.enrol(tmp_path)[0] == other.enrol(tmp_path, name="host-b")[0] == ENROLLED
        (tmp_path / "host-b.json").write_text("{}")
        status, text = bed.enrol(tmp_path, "--replace", name="host-b")
        assert status == IDENTITY and "tpm-of-another-host" in text and "the TPM of host-a" in text, text
        assert (tmp_path / "host-b.json").read_text() == "{}"
        (tmp_path / "host-c.json").write_text("{}")
        assert other.enrol(tmp_path, "--replace", name="host-b")[0] == USAGE, "it may be the TPM of host-c"
        (tmp_path / "host-c.json").unlink()
        assert other.enrol(tmp_path, "--replace", name="host-b")[0] == ENROLLED

    def test_spaces_do_not_matter(self, bed, tmp_path):
        assert bed.enrol(tmp_path)[0] == ENROLLED
        edit(lambda host: None)(tmp_path / "host-a.json")
        assert cloister("hosts", "show", "host-a", "--store", tmp_path)[0] == 0

    def test_store_that_cannot_be_written_is_named(self, bed, tmp_path):
        status, text = bed.enrol("/proc/none")
        assert status == USAGE and "/proc/none" in text, text


class TestCertificateFolders:
    def test_private_key_among_the_roots_is_refused(self, bed, tmp_path):
        key = ec.generate_private_key(ec.SECP256R1())
        for number, encoding in enumerate((serialization.Encoding.PEM, serialization.Encoding.DER)):
            roots = folder_of(tmp_path / f"{number}", next(bed.roots.iterdir()).read_bytes())
            (roots / "key").write_bytes(key.private_bytes(encoding, serialization.PrivateFormat.PKCS8,
                                                          serialization.NoEncryption()))
            status, text = bed.enrol(tmp_path / "store", roots=roots)
            assert status == USAGE and "private key" in text, text

    @pytest.mark.parametrize("content", [
        b"", b"text", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
    def test_file_that_is_no_certificate_is_named(self, bed, tmp_path, content):
        roots = folder_of(tmp_path / "roots", next(bed.roots.iterdir()).read_bytes(), content)
        status, text = bed.enrol(tmp_path / "store", roots=roots)
        assert status == USAGE and "1.pem" in text, text

    def test_cut_in_the_second_certificate_is_refused(self, bed, tmp_path):
        root = next(bed.roots.iterdir()).read_bytes()
        roots = folder_of(tmp_path / "roots", root + root[:len(root) // 2])
        assert bed.enrol(tmp_path / "store", roots=roots)[0] == USAGE

    def test_empty_or_missing_roots_are_refused(self, bed, tmp_path):
        (tmp_path / "empty").mkdir()
        assert bed.enrol(tmp_path / "store", roots=tmp_path / "empty")[0] == USAGE
        assert bed.enrol(tmp_path / "store", roots=tmp_path / "none")[0] == USAGE

    def test_chain_without_the_authority_between_is_refused(self, bed, other, tmp_path):
        status, text = bed.enrol(tmp_path / "store", issuer=other.issuer)
        assert status == IDENTITY and "ek-chain" in text, text
        status, text = bed.enrol(tmp_path / "store", roots=other.roots)
        assert status == IDENTITY and "ek-chain" in text, text
        assert bed.enrol(tmp_path / "store", roots=bed.issuer)[0] == ENROLLED, "an authority that is trusted itself"


class Relay:
    """Between the tool and attestd: changes attestd's account of its keys, or its answer to a credential."""

    def __init__(self, service, identity=lambda answer: None, enrol=None):
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                status, _, body = service.curl("/v1/identity")
                answer = json.loads(body)
                identity(answer)
                self.say(status, json.dumps(answer).encode())

            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if enrol:
                    return self.say(*enrol(body))
                status, _, answer = service.curl(self.path, "-H", "Content-Type: application/json", data=body)
                return self.say(status, answer)

            def say(self, status, body):
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}"

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()


def b64(data):
    return base64.b64encode(data).decode()


def through(relay, store, roots, *more):
    with relay:
        return cloister("enrol", relay.url, "--name", "host-a", "--roots", roots, "--store", store, *more)


ROOT = Authority("root")
MIDDLE = Authority("middle", ROOT)
LAST = Authority("last", MIDDLE)
STRANGER = Authority("root")  # of the same name
EXPIRED = Authority("expired", ROOT, start=NOW - 9 * DAY, end=NOW - DAY)
FUTURE = Authority("future", ROOT, start=NOW + DAY)
NO_AUTHORITY = Authority("no authority", ROOT, ca=False)
WEAK = Authority("weak", key=rsa.generate_private_key(65537, 1024))
ONE, TWO = Authority("one"), Authority("two")
LOOP = [ONE.issue(None, TWO.key.public_key(), subject=TWO.name, ca=True),
        TWO.issue(None, ONE.key.public_key(), subject=ONE.name, ca=True)]
LONG = [ROOT]
for number in range(12):
    LONG.append(Authority(f"link {number}", LONG[-1]))


PRINTER = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "a printer")])


def leaf(key, issuer=ROOT, **more):
    return issuer.issue("model", key, **more)


def twin(certificate):
    """The same certificate with the other ECDSA signature of the same key: (r, n - s)."""
    order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
    old = x509.load_der_x509_certificate(certificate)
    r, s = utils.decode_dss_signature(old.signature)
    signature = b"\0" + utils.encode_dss_signature(r, order - s)
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")  # ecdsa-with-SHA256
    content = old.tbs_certificate_bytes + algorithm + bytes([3, len(signature)]) + signature
    return b"\x30\x82" + len(content).to_bytes(2, "big") + content


def ecc_key(public):
    """Of the public area of template L-2."""
    return ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), b"\4" + public[-66:-34] + public[-32:])


def damaged(certificate):
    data = bytearray(der(certificate))
    data[-1] ^= 1
    return bytes(data)


def in_der(thing):
    return thing if isinstance(thing, bytes) else der(thing)


def stranger_key(_):
    return rsa.generate_private_key(65537, 2048).public_key()


# Name, the certificates that the host sends for its key, and the fault that the tool reports.
GOOD = [
    ("directly", lambda key: [leaf(key)], None),
    ("through three authorities", lambda key: [leaf(key, LAST), LAST.certificate, MIDDLE.certificate], None),
    ("in another order, with strangers",
     lambda key: [STRANGER.certificate, MIDDLE.certificate, leaf(key, MIDDLE)], None),
    ("a second one of another key", lambda key: [leaf(stranger_key(key)), leaf(key)], None),
    ("something unreadable beside it", lambda key: [b"\x30\x82\x01", leaf(key)], None),
    ("a loop beside it", lambda key: [leaf(key), *LOOP], None),
    ("padded", lambda key: [der(leaf(key)) + bytes(40)], "padded"),
    ("padded with ones", lambda key: [der(leaf(key)) + b"\xff" * 40], "padded"),
    ("no extendedKeyUsage", lambda key: [leaf(key, extended=())], "no-extended-key-usage"),
    ("no keyUsage", lambda key: [leaf(key, usage=set())], "no-key-usage"),
    ("critical directory attributes", lambda key: [leaf(key, more=[(ATTRIBUTES, True)])],
     "critical-directory-attributes"),
    ("a critical extension of TCG's", lambda key: [leaf(key, more=[(TCG_EXTENSION, True)])], "critical-tcg-extension"),
    ("valid forever", lambda key: [leaf(key, end=datetime.datetime(9999, 12, 31))], None),
]
BAD = [
    ("none", lambda key: [], "ek-without-certificate"),
    ("cut", lambda key: [der(leaf(key))[:-1]], "ek-certificate-malformed"),
    ("no DER", lambda key: [b"certificate"], "ek-certificate-malformed"),
    ("of absurd length", lambda key: [leaf(key, more=[(x509.ObjectIdentifier(f"1.2.3.{i}"), False)
                                                      for i in range(600)])], "ek-certificate-malformed"),
    ("with something after it", lambda key: [der(leaf(key)) + b"\0\1"], "ek-certificate-malformed"),
    ("of another TPM", lambda key: [leaf(stranger_key(key))], "ek-certificate-of-another-key"),
    ("only an authority", lambda key: [MIDDLE.certificate], "ek-certificate-of-another-key"),
    ("another root", lambda key: [leaf(key, TWO), TWO.certificate], "ek-chain"),
    ("another root of the same name", lambda key: [leaf(key, STRANGER), STRANGER.certificate], "ek-signature"),
    ("an authority missing", lambda key: [leaf(key, LAST), MIDDLE.certificate], "ek-chain"),
    ("a loop", lambda key: [leaf(key, ONE), *LOOP], "ek-chain"),
    ("a chain of twelve", lambda key: [leaf(key, LONG[-1]), *(link.certificate for link in LONG[1:])], "ek-chain"),
    ("signature damaged", lambda key: [damaged(leaf(key))], "ek-signature"),
    ("authority's signature damaged", lambda key: [leaf(key, MIDDLE), damaged(MIDDLE.certificate)], "ek-signature"),
    ("SHA-1", lambda key: [leaf(key, MIDDLE), sha1(MIDDLE)], "ek-signature"),
    ("expired", lambda key: [leaf(key, start=NOW - 9 * DAY, end=NOW - DAY)], "ek-expired"),
    ("not yet valid", lambda key: [leaf(key, start=NOW + DAY)], "ek-not-yet-valid"),
    ("authority expired", lambda key: [leaf(key, EXPIRED), EXPIRED.certificate], "ek-expired"),
    ("authority not yet valid", lambda key: [leaf(key, FUTURE), FUTURE.certificate], "ek-not-yet-valid"),
    ("issued by a key that is no authority", lambda key: [leaf(key, NO_AUTHORITY), NO_AUTHORITY.certificate],
     "ek-usage"),
    ("keyUsage of a signing key", lambda key: [leaf(key, usage={"digital_signature"})], "ek-usage"),
    ("keyUsage of an authority", lambda key: [leaf(key, ca=True)], "ek-usage"),
    ("an authority that may not sign", lambda key: [leaf(key, ca=True, usage={"key_encipherment"})], "ek-usage"),
    ("for a web server", lambda key: [leaf(key, extended=(x509.oid.ExtendedKeyUsageOID.SERVER_AUTH,))], "ek-usage"),
    ("for nothing", lambda key: [leaf(key, usage=set(), extended=())], "ek-usage"),
    ("a printer's for nothing", lambda key: [ROOT.issue(None, key, subject=PRINTER, usage=set())], "ek-usage"),
    ("a printer's without extendedKeyUsage", lambda key: [ROOT.issue(None, key, subject=PRINTER)], "ek-usage"),
    ("without extendedKeyUsage, of no model", lambda key: [leaf(key, extended=(), model=(1, 3))], "ek-usage"),
    ("an unknown critical extension", lambda key: [leaf(key, more=[(x509.ObjectIdentifier("1.2.3.4"), True)])],
     "ek-usage"),
    ("both expired and for a web server", lambda key: [leaf(
        key, start=NOW - 9 * DAY, end=NOW - DAY, extended=(x509.oid.ExtendedKeyUsageOID.SERVER_AUTH,))], "ek-expired"),
]


def sha1(authority):
    """An authority's certificate, signed with SHA-1, which openssl still makes on request."""
    with tempfile.TemporaryDirectory() as scratch:
        scratch = pathlib.Path(scratch)
        (scratch / "key").write_bytes(ROOT.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
        (scratch / "ca").write_bytes(pem(ROOT.certificate))
        (scratch / "old").write_bytes(pem(authority.certificate))
        (scratch / "extensions").write_text("basicConstraints=critical,CA:TRUE\n")
        (scratch / "public").write_bytes(authority.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo))
        subprocess.run(["openssl", "x509", "-new", "-subj", "/CN=middle", "-force_pubkey", scratch / "public", "-CA",
                        scratch / "ca", "-CAkey", scratch / "key", "-sha1", "-days", "9", "-extfile",
                        scratch / "extensions", "-out", scratch / "new"], check=True, capture_output=True)
        return der(x509.load_pem_x509_certificate((scratch / "new").read_bytes()))


class TestEkCertificates:
    @pytest.fixture(scope="class")
    def key(self, bed):
        return x509.load_der_x509_certificate(bed.certificate).public_key()

    def run(self, bed, tmp_path, certificates, *more, roots=(ROOT.certificate,)):
        relay = Relay(bed.service, lambda answer: answer.update(
            ek_certificates=[b64(in_der(certificate)) for certificate in certificates]))
        return through(relay, tmp_path / "store", folder_of(tmp_path / "roots", *roots), *more)

    @pytest.mark.parametrize("name, make, fault", GOOD, ids=[row[0] for row in GOOD])
    def test_good_certificates_are_accepted(self, bed, tmp_path, key, name, make, fault):
        status, text = self.run(bed, tmp_path, make(key))
        assert status == ENROLLED, text
        assert (f"tolerated      {fault}\n" in text) if fault else ("tolerated" not in text), text

    @pytest.mark.parametrize("name, make, code", BAD, ids=[row[0] for row in BAD])
    def test_bad_certificates_are_refused_by_code(self, bed, tmp_path, key, name, make, code):
        status, text = self.run(bed, tmp_path, make(key))
        assert status == IDENTITY and f"refused: {code} " in text, text
        assert not (tmp_path / "store").exists()

    def test_weak_root_is_refused(self, bed, tmp_path, key):
        status, text = self.run(bed, tmp_path, [leaf(key, WEAK)], roots=[WEAK.certificate])
        assert status == IDENTITY and "ek-signature" in text, text

    def test_too_many_certificates_are_refused(self, bed, tmp_path, key):
        status, text = self.run(bed, tmp_path, [leaf(key)] * 17)
        assert status == FORMAT and "ek_certificates" in text, text

    def test_certificates_of_the_tenant_are_used(self, bed, tmp_path, key):
        own = folder_of(tmp_path / "own", leaf(key, LAST), LAST.certificate, MIDDLE.certificate)
        status, text = self.run(bed, tmp_path, [], "--certificates", own)
        assert status == ENROLLED, text

    def test_own_certificate_among_the_roots_is_refused(self, bed, tmp_path, key):
        status, text = self.run(bed, tmp_path, [leaf(key, TWO)], roots=[ROOT.certificate, leaf(key, TWO)])
        assert status == IDENTITY and "ek-chain" in text, text

    @pytest.mark.parametrize("name, crls, code", [
        ("none revoked", lambda cert: [ROOT.crl(), MIDDLE.crl()], None),
        ("another revoked", lambda cert: [ROOT.crl(LAST.certificate), MIDDLE.crl(LAST.certificate)], None),
        ("key revoked", lambda cert: [ROOT.crl(), MIDDLE.crl(cert)], "ek-revoked"),
        ("authority revoked", lambda cert: [ROOT.crl(MIDDLE.certificate), MIDDLE.crl()], "ek-revoked"),
        ("one missing", lambda cert: [ROOT.crl()], "ek-crl"),
        ("of another issuer", lambda cert: [TWO.crl(), ONE.crl()], "ek-crl"),
        ("signed by another", lambda cert: [ROOT.crl(), TWO.crl(issuer=MIDDLE)], "ek-crl"),
        ("out of date", lambda cert: [ROOT.crl(), MIDDLE.crl(last=NOW - 9 * DAY, end=NOW - DAY)], "ek-crl"),
        ("from the future", lambda cert: [ROOT.crl(), MIDDLE.crl(last=NOW + DAY, end=NOW + 9 * DAY)], "ek-crl"),
    ], ids=str)
    def test_revocation_lists_are_heeded(self, bed, tmp_path, key, name, crls, code):
        certificate = leaf(key, MIDDLE)
        folder = folder_of(tmp_path / "crls", *crls(certificate))
        status, text = self.run(bed, tmp_path, [certificate, MIDDLE.certificate], "--crls", folder)
        assert (status, code is None or f"refused: {code} " in text) == (IDENTITY if code else ENROLLED, True), text

    def test_ecc_key_must_be_for_key_agreement(self, bed, folder, tmp_path):
        with another(folder, bed.tpm.tcti, "--ek", "ecc") as service:
            public = base64.b64decode(json.loads(service.curl("/v1/identity")[2])["ek_public"])
            key = ecc_key(public)
            for usage, status in ({"key_agreement"}, ENROLLED), ({"key_encipherment"}, IDENTITY):
                relay = Relay(service, lambda answer, usage=usage: answer.update(
                    ek_certificates=[b64(der(leaf(key, usage=usage)))]))
                found, text = through(relay, tmp_path / "store", folder_of(tmp_path / "roots", ROOT.certificate))
                assert found == status, text
            assert stored(tmp_path / "store")["ek_name"] == name_of(public)


def changed_at(public, offset, value):
    data = bytearray(public)
    data[offset] ^= value
    return b64(bytes(data))


class TestCertifiedKeys:
    """Keys that a certified TPM does not have, or not in the form that is needed."""

    def run(self, bed, tmp_path, identity=lambda answer: None, enrol=None):
        return through(Relay(bed.service, identity, enrol), tmp_path, bed.roots, "--certificates", bed.issuer)

    def test_accepted_through_an_honest_relay(self, bed, tmp_path):
        assert self.run(bed, tmp_path)[0] == ENROLLED

    @pytest.mark.parametrize("change, code", [
        (lambda answer, other: answer.update(ak_public=b64(other.ak)), "credential"),
        (lambda answer, other: answer.update(ak_public=changed_at(base64.b64decode(answer["ak_public"]), -1, 1)),
         "credential"),
        (lambda answer, other: answer.update(ak_public=changed_at(base64.b64decode(answer["ak_public"]), 5, 1)),
         "ak-attributes"),  # not restricted
        (lambda answer, other: answer.update(ak_public=changed_at(base64.b64decode(answer["ak_public"]), 7, 0x10)),
         "ak-attributes"),  # not fixed to its parent
        (lambda answer, other: answer.update(ek_public=b64(other.ek)), "ek-certificate-of-another-key"),
        (lambda answer, other: answer.update(ek_public=b64(other.ek), ek_certificates=[b64(other.certificate)]),
         "ek-chain"),
        (lambda answer, other: answer.update(ek_public=changed_at(base64.b64decode(answer["ek_public"]), 7, 0x40)),
         "ek-form"),  # with userWithAuth
        (lambda answer, other: answer.update(ek_public=answer["ak_public"]), "ek-form"),
        (lambda answer, other: answer.update(ek_public=""), "ek-form"),
    ], ids=range(9))
    def test_other_keys_are_refused_by_code(self, bed, other, tmp_path, change, code):
        status, text = self.run(bed, tmp_path, lambda answer: change(answer, other))
        assert status == IDENTITY and f"refused: {code} " in text, text
        assert not list(tmp_path.glob("*"))

    @pytest.mark.parametrize("answer, status, code", [
        ((200, json.dumps({"version": 1, "secret": b64(bytes(32))}).encode()), IDENTITY, "credential"),
        ((200, json.dumps({"version": 1, "secret": ""}).encode()), IDENTITY, "credential"),
        ((200, json.dumps({"version": 2, "secret": ""}).encode()), FORMAT, "answer-malformed"),
        ((200, b"{}"), FORMAT, "answer-malformed"),
        ((200, b""), FORMAT, "answer-malformed"),
        ((503, b"{}"), TRANSPORT, ""),
    ], ids=range(6))
    def test_wrong_answers_are_refused_by_code(self, bed, tmp_path, answer, status, code):
        found, text = self.run(bed, tmp_path, enrol=lambda body: answer)
        assert found == status and f"refused: {code}" in text, text
        assert not list(tmp_path.glob("*"))

    @pytest.mark.parametrize("change", [
        lambda answer: answer.pop("ek_public"), lambda answer: answer.update(more=1),
        lambda answer: answer.update(ek_certificates="x"), lambda answer: answer.update(ek_certificates=[1]),
        lambda answer: answer.update(ek_certificates=["x"]), lambda answer: answer.update(version=2),
        lambda answer: answer.update(ak_public=None), lambda answer: answer.update(hk_statement=7),
    ], ids=range(8))
    def test_malformed_answer_is_refused(self, bed, tmp_path, change):
        status, text = self.run(bed, tmp_path, change)
        assert status == FORMAT and "answer-malformed" in text, text
