# SPDX-License-Identifier: GPL-2.0-or-later
"""A client gets its evidence whatever others do: slow connections, slow readers, one address that asks all the time."""

import contextlib
import json
import os
import pathlib
import re
import resource
import signal
import socket
import statistics
import threading
import time

import pytest

from testbed.attestd import Swtpm, another, b64
from testbed.emulator import PATIENCE_S
from testbed.tls import TLS

SLOW, TOO_MANY = 1500, 2500
ANSWERED_S = 2  # an evidence request meanwhile
SLOWER = 10  # than the calm service: where the computer has other things to do
ASKED = 5
OPEN, ANSWERS, WAITING = 1984, 96, 64  # attestd(8)


@pytest.fixture(scope="module", autouse=True)
def files():
    """The connections of this side."""
    files, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(files, min(most, 8192)), most))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))


@pytest.fixture(scope="module")
def calm(folder):
    """A service without slow connections. Other load on the computer slows both services."""
    (folder / "calm").mkdir()
    swtpm = Swtpm(folder / "calm")
    with another(folder, swtpm.tcti) as service:
        yield service
    swtpm.stop()


class Slow:
    """
    Connections that send a byte a second, and are opened again when they are closed.

    first: what each sends at once; drip: what follows, byte by byte
    """

    def __init__(self, port, count, addresses, first, drip):
        self.port, self.count, self.addresses, self.first, self.drip = port, count, addresses, first, drip
        self.rounds, self.reopened, self.ends = 0, 0, threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)

    def open(self, number):
        connection = socket.socket()
        connection.setblocking(False)
        connection.bind((self.addresses[number % len(self.addresses)], 0))
        connection.connect_ex(("127.0.0.1", self.port))
        return [connection, 0]

    def go_on(self, entry):
        connection, sent = entry
        text = self.first if sent == 0 else self.drip[sent - 1:sent]
        with contextlib.suppress(BlockingIOError):
            connection.send(text)
            entry[1] += 1
            if connection.recv(4096) == b"":
                raise ConnectionResetError

    def run(self):
        entries = [self.open(number) for number in range(self.count)]
        while not self.ends.is_set():
            for number, entry in enumerate(entries):
                try:
                    self.go_on(entry)
                except OSError:
                    entry[0].close()
                    entries[number] = self.open(number)
                    self.reopened += 1
            self.rounds += 1
            self.ends.wait(1)
        for connection, _ in entries:
            connection.close()

    def wait_round(self):
        """Until each of them has been looked at once more."""
        since, deadline = self.rounds, time.monotonic() + PATIENCE_S
        while self.rounds < since + 2:
            assert time.monotonic() < deadline and self.thread.is_alive()
            time.sleep(0.05)

    def __enter__(self):
        self.thread.start()
        self.wait_round()
        return self

    def __exit__(self, *_):
        self.ends.set()
        self.thread.join()


def sources(count):
    """The client's own address, or others."""
    return ["127.0.0.1"] if count == 1 else [f"127.0.1.{number + 1}" for number in range(count)]


def asked(service, slow, calm=None):
    """
    How long evidence takes, each time with the slow connections there; how long from a calm service; and how many
    connections were open at most. Those that say nothing are closed all at once, and opened again in the next round.
    """
    times, calm_times, most = [], [], 0
    for _ in range(ASKED):
        slow.wait_round()
        most = max(most, service.metric("attestd_connections"))
        times.append(timed(service))
        if calm:
            calm_times.append(timed(calm))
    return times, calm_times, most


def timed(service):
    began = time.monotonic()
    service.good_evidence()
    return time.monotonic() - began


HEADERS = b"POST /v1/evidence HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
ATTACKS = {
    "handshake": ((), b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", bytes(600)),
    "headers": (("--plain-http",), HEADERS + b"X: ", b"y" * 600),
    "body": (("--plain-http",), HEADERS + b"Content-Length: 4000\r\n\r\n{", b" " * 600),
    "silence": ((), b"", b""),
}


@pytest.mark.parametrize("addresses", [1, 100])
@pytest.mark.parametrize("attack", ATTACKS)
def test_slow_connections_do_not_delay_evidence(folder, tpm, calm, attack, addresses):
    """From the client's own address, and from others."""
    options, first, drip = ATTACKS[attack]
    with another(folder, tpm.tcti, *options) as service:
        service.good_evidence()  # its keys are loaded
        with Slow(service.port, SLOW, sources(addresses), first, drip) as slow:
            times, calm_times, connections = asked(service, slow, calm)
            memory = re.search(r"VmRSS:\s+(\d+) kB", pathlib.Path(f"/proc/{service.process.pid}/status").read_text())[1]
        print(f"{attack}, {addresses} addresses:", *(f"{seconds:.3f}" for seconds in times), "s; from the calm service",
              *(f"{seconds:.3f}" for seconds in calm_times), f"s; {connections} open, {memory} KiB")
        assert connections > SLOW / 2, "they are there"
        # Where the computer has other things to do, both services are late: each time both are asked.
        assert statistics.median(times) < max(ANSWERED_S, SLOWER * statistics.median(calm_times))


@pytest.mark.parametrize("addresses", [1, 100])
@pytest.mark.parametrize("attack", ["handshake", "headers"])
def test_new_connection_displaces_one_that_waits(folder, tpm, attack, addresses):
    """Connections that hold a place are displaced again and again; each request is answered."""
    options, first, drip = ATTACKS[attack]
    with another(folder, tpm.tcti, *options) as service:
        with Slow(service.port, TOO_MANY, sources(addresses), first, drip) as slow:
            times, _, _ = asked(service, slow)
            connections = service.metric("attestd_connections")
            displaced = service.metric("attestd_displaced_total")
        print(f"{attack}, {addresses} addresses:", *(f"{seconds:.3f}" for seconds in times),
              f"s; {connections} open, {displaced} displaced")
        assert displaced > TOO_MANY - OPEN - 64 and connections <= OPEN + 1


def test_slow_readers_do_not_delay_evidence(folder, tpm, tmp_path):
    """Long answers that are not read, more of them than there is room for: a newcomer gets its own."""
    log = tmp_path / "log"
    log.write_bytes(os.urandom(1 << 20))
    with another(folder, tpm.tcti, "--tcg-log", log, "--timeout", str(PATIENCE_S)) as service, \
            contextlib.ExitStack() as stack:
        body = json.dumps({"nonce": b64(bytes(32)), "channel": b64(service.channel)}).encode()
        request = HEADERS + b"Content-Length: %d\r\n\r\n" % len(body) + body
        for number in range(ANSWERS + 24):
            connection = socket.socket()
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.bind((f"127.0.1.{number % 60 + 1}", 0))
            connection.connect(("127.0.0.1", service.port))
            connection = stack.enter_context(TLS.wrap_socket(connection))
            connection.sendall(request)
            connection.recv(1)  # it has begun, and goes no further
        print(service.metric("attestd_answers"), "answers are being read:",
              *(f"{timed(service):.3f}" for _ in range(ASKED)), "s")
        assert service.metric("attestd_answers") <= ANSWERS


def test_one_address_does_not_fill_the_queue(folder, tpm):
    """One address's requests fill the queue; another one's is next. The displaced one gets 503 and Retry-After."""
    with another(folder, tpm.tcti, "--timeout", str(PATIENCE_S)) as service, contextlib.ExitStack() as stack:
        body = json.dumps({"nonce": b64(bytes(32)), "channel": b64(service.channel)}).encode()
        request = HEADERS + b"Content-Length: %d\r\n\r\n" % len(body) + body
        service.good_evidence()
        tpm.process.send_signal(signal.SIGSTOP)  # nothing leaves the queue
        try:
            greedy = [stack.enter_context(service.connect("127.0.1.1")) for _ in range(WAITING + 1)]
            for waiting, connection in enumerate(greedy, 1):
                connection.sendall(request)
                service.wait_metric("attestd_waiting", waiting)  # theirs is the order of the queue
            modest = stack.enter_context(service.connect("127.0.1.2"))
            modest.sendall(request)
            answer = greedy[-1].recv(65536)
            assert b" 503 " in answer and b"Retry-After" in answer, "the last one of the greedy has lost its place"
        finally:
            tpm.process.send_signal(signal.SIGCONT)
        order = []
        for name, connection in [("modest", modest), ("greedy", greedy[WAITING - 1])]:
            assert b" 200 " in connection.recv(65536)
            order.append((name, time.monotonic()))
        assert order[0][1] < order[1][1]
