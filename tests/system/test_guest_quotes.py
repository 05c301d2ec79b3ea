# SPDX-License-Identifier: GPL-2.0-or-later
"""
attestd as the quote generation service of guests, with a software TPM and no hypervisor that could sign a report: what
it says to whom, and what holds it up. A guest that gets a quote: test_guest_evidence.py.
"""

import os
import pathlib
import resource
import socket
import struct
import subprocess
import time

import pytest

from testbed.attestd import ATTESTD, Attestd
from testbed.emulator import PATIENCE_S

QUOTE_LENGTH, QUOTE_HEADER = struct.Struct(">I"), struct.Struct("<HHIIIII")
E_UNEXPECTED, E_VERSION, E_SIZE = 0x12001, 0x12004, 0x12006


def quote_request(major=1, bytes_of_report=1024):
    """As QEMU sends it."""
    size = QUOTE_HEADER.size + bytes_of_report
    header = QUOTE_HEADER.pack(major, 1, 0, size, 0, bytes_of_report, 0)
    return QUOTE_LENGTH.pack(size) + header + bytes(bytes_of_report)


def ask_for_quote(path, *parts):
    """The error in the answer, which has no quote, and after which the connection ends."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE_S)
        connection.connect(str(path))
        for part in parts:
            connection.sendall(part)
        answer = b""
        while received := connection.recv(100):
            answer += received
    major, minor, kind, size, error, key, quote = QUOTE_HEADER.unpack(answer[QUOTE_LENGTH.size:])
    assert QUOTE_LENGTH.unpack_from(answer)[0] == size == QUOTE_HEADER.size
    assert (major, minor, kind, key, quote) == (1, 1, 1, 0, 0)
    return error


@pytest.fixture(scope="module")
def quotes(folder, tpm):
    path = folder / "quotes"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))  # by an earlier service
    attestd = Attestd(folder, tpm.tcti, "--guest-quotes", path)
    attestd.wait_log("quotes for guests at ")
    yield path, attestd
    assert attestd.stop() == 0


def test_everybody_may_ask_for_a_quote(quotes):
    assert quotes[0].is_socket() and quotes[0].stat().st_mode & 0o777 == 0o666


def test_no_quote_without_a_hypervisor(quotes):
    path, attestd = quotes
    assert ask_for_quote(path, quote_request()) == E_UNEXPECTED
    attestd.wait_log("no evidence for 1 guests: hypervisor-")


def test_request_for_a_quote_may_come_in_pieces(quotes):
    request = quote_request()
    assert ask_for_quote(quotes[0], request[:3], request[3:20], request[20:500], request[500:]) == E_UNEXPECTED


def test_wrong_requests_for_a_quote_are_told_apart(quotes):
    assert ask_for_quote(quotes[0], quote_request(major=2)) == E_VERSION
    assert ask_for_quote(quotes[0], quote_request(bytes_of_report=1023)) == E_SIZE
    assert ask_for_quote(quotes[0], b"\xff\xff\xff\xff") == E_SIZE


def test_silence_does_not_keep_guests_from_quotes(quotes):
    """As many connections as there is room for say nothing: the next is heard, and they are closed after seconds."""
    silent = [socket.socket(socket.AF_UNIX) for _ in range(128)]
    for connection in silent:
        connection.connect(str(quotes[0]))
    assert ask_for_quote(quotes[0], quote_request()) == E_UNEXPECTED
    for connection in silent:
        connection.settimeout(PATIENCE_S)
        assert connection.recv(1) == b""
        connection.close()


def test_many_guests_ask_at_once(quotes):
    request = quote_request()
    connections = [socket.socket(socket.AF_UNIX) for _ in range(100)]
    for connection in connections:
        connection.connect(str(quotes[0]))
        connection.sendall(request)
    for connection in connections:
        connection.settimeout(PATIENCE_S)
        answer = connection.recv(100, socket.MSG_WAITALL)
        assert QUOTE_HEADER.unpack(answer[QUOTE_LENGTH.size:])[4] == E_UNEXPECTED
        connection.close()


def cpu_seconds(pid):
    """Of the service, so far."""
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")


def test_connection_that_cannot_be_taken_yet_costs_no_time(quotes):
    """The service has no descriptor left for it: it does not ask without a pause, and takes it as soon as it can."""
    path, attestd = quotes
    pid, limits = attestd.process.pid, resource.prlimit(attestd.process.pid, resource.RLIMIT_NOFILE)
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (len(os.listdir(f"/proc/{pid}/fd")), limits[1]))
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(PATIENCE_S)
        connection.connect(str(path))
        connection.sendall(quote_request())
        before = cpu_seconds(pid)
        time.sleep(3)
        spent = cpu_seconds(pid) - before
        resource.prlimit(pid, resource.RLIMIT_NOFILE, limits)
        assert QUOTE_HEADER.unpack(connection.recv(100, socket.MSG_WAITALL)[QUOTE_LENGTH.size:])[4] == E_UNEXPECTED
    assert spent < 0.5


def test_service_ends_while_guests_are_connected(folder, tpm):
    path = folder / "ending"
    attestd = Attestd(folder, tpm.tcti, "--guest-quotes", path)
    attestd.wait_log("quotes for guests at ")
    with socket.socket(socket.AF_UNIX) as connection:
        connection.connect(str(path))
        connection.sendall(quote_request()[:30])
        assert attestd.stop() == 0


@pytest.mark.parametrize("name, error", [("no/folder", "No such file or directory"),
                                         ("something", "Address already in use"), ("x" * 120, "File name too long")])
def test_socket_that_cannot_be_made_is_an_error(folder, tpm, name, error):
    (folder / "something").write_text("else")
    done = subprocess.run([ATTESTD, "--listen", "127.0.0.1:0", "--tcti", tpm.tcti, "--guest-quotes", folder / name],
                          capture_output=True, text=True, timeout=PATIENCE_S)
    assert done.returncode == 1
    assert "--guest-quotes" in done.stderr and error in done.stderr
    assert (folder / "something").read_text() == "else"
