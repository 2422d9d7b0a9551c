#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Handlers that have the listening socket: what they serve, whom they turn
away, when they make room for another, and what is lost when one is killed.
"""

import contextlib
import os
import random
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.certs import make_certificate
from harness.deadline import until
from harness.instance import Instance
from harness.place import Place
from harness.processes import require_confined
from harness.report import Failure, Report, check, equal
from harness.script import Case, run_script
from harness.servers import (Activator, Server, Xinetd, children,
                             free_port)
from harness.smtp import Smtp
from harness.wire import Vanished, Wire

BODY = b"Subject: %d\r\n\r\n" + 200 * (70 * b"x" + b"\r\n")
HANDLER = "smtp-journal"
STORM_SECONDS = float(os.environ.get("STORM_SECONDS", "10"))
ACCEPTOR_SHARE = 0.1


class Listening(Server):
    """A handler with --listen."""

    def __init__(self, instance: Instance, args: str = "",
                 handler: str = HANDLER) -> None:
        super().__init__()
        self.port = free_port()
        self.log = instance.logs / f"{handler}-{self.port}.log"
        with open(self.log, "wb") as log:
            self.started(subprocess.Popen(
                [instance.place.handler(handler), "-c", str(instance.conf),
                 *args.split(), "--listen", f"127.0.0.1:{self.port}"],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                **instance.place.as_user), [self.port])


class World:
    """One instance; every case says how its acceptor is configured."""

    def __init__(self, place: Place, report: Report) -> None:
        self.report = report
        self.instance = Instance(place)
        self.mailbox = self.instance.create_mailbox()
        self.normal = dict(self.instance.settings)

    def acceptor(self, isolation: str, **settings: object) -> Activator:
        """One that its socket brings back."""
        self.configure(isolation, **settings)
        return Activator(self.instance, HANDLER, "")

    def configure(self, isolation: str, limits: dict | None = None,
                  **settings: object) -> None:
        """Write restante.conf for a case; nothing is left of the last one."""
        self.instance.settings = dict(self.normal)
        self.instance.configure(limits=limits or {}, **{HANDLER: {
            "isolation": isolation, **{name.replace("_", "-"): value for
                                       name, value in settings.items()}}})

    def greeting(self, port: int, source: str = "") -> tuple[Wire, bytes]:
        """A connection, and what is said first there."""
        wire = Wire.connect(port, source=source)
        return wire, wire.line()

    def deliver(self, port: int, number: int = 0) -> str:
        """One message; the reply's text."""
        smtp = self.instance.smtp(port)
        said = smtp.deliver(self.mailbox.address, BODY % number).want(250)
        smtp.quit()
        return said.lines[0]

    def require_kept(self, said: list[str]) -> None:
        """What was promised is there."""
        kept = {name[:26] for name in self.instance.kept(self.mailbox)}
        for line in said:
            check(line.split()[3] in kept, f"promised and not kept: {line}")

    # --- what is served ------------------------------------------------------

    def serves(self, isolation: str) -> None:
        """Deliveries one after the other and at once, each in a process of its
        own that is confined and holds no listening socket.
        """
        with self.acceptor(isolation) as server:
            said = [self.deliver(server.port, 1)]
            pid = server.pid()
            smtp = [self.instance.smtp(server.port) for _ in range(3)]
            sessions = children(pid)
            equal(len(sessions), 3, "sessions")
            listening = os.readlink(f"/proc/{pid}/fd/3")
            for session in sessions:
                require_confined(session, 600)
                held = {os.readlink(f"/proc/{session}/fd/{fd}") for fd in
                        os.listdir(f"/proc/{session}/fd")}
                check(listening not in held, "a session can accept")
            said += [s.deliver(self.mailbox.address, BODY % 2).want(250)
                     .lines[0] for s in smtp]
            for s in smtp:
                s.quit()
            server.idle()
            equal(server.pid(), pid, "the acceptor")
            equal(server.log_text().count("outcome=kept"), 4, "lines")
        self.require_kept(said)

    def by_fd_0(self, isolation: str) -> None:
        """As xinetd starts it with wait = yes."""
        self.configure(isolation)
        with Activator(self.instance, HANDLER, "", by_fd_0=True) as server:
            self.require_kept([self.deliver(server.port)])

    def by_xinetd(self, isolation: str) -> None:
        """Under a real one, where fd 2 is the listening socket."""
        self.configure(isolation, idle_exit=1)
        with Xinetd(self.instance, [(HANDLER, "")], wait="yes") as server:
            said = [self.deliver(server.port) for _ in range(3)]
            until(lambda: not children(server.process.pid), 20,
                  "it ends when nobody comes")
            said.append(self.deliver(server.port))
        self.require_kept(said)

    def by_systemd(self, isolation: str) -> None:
        """As systemd's own program passes a socket."""
        self.configure(isolation)
        port = free_port()
        command = ["systemd-socket-activate", "-l", f"127.0.0.1:{port}",
                   self.instance.place.handler(HANDLER), "-c",
                   str(self.instance.conf)]
        server = Server()
        with open(self.instance.logs / f"activate-{port}.log", "wb") as log:
            server.started(subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                **self.instance.place.as_user), [port])
        with server:
            self.require_kept([self.deliver(port), self.deliver(port)])

    def chance(self) -> None:
        """No two children say the same random, session id or key share."""
        seen: set[bytes] = set()
        with self.acceptor("fork") as server:
            for _ in range(40):
                for part in server_hello(server.port):
                    check(part not in seen, "said twice")
                    seen.add(part)

    # --- who is turned away --------------------------------------------------

    def full_house(self, isolation: str) -> None:
        """One too many is told so, and the next is served once one has left."""
        with self.acceptor(isolation, max_connections=2) as server:
            first, _ = self.greeting(server.port)
            _, said = self.greeting(server.port)
            check(said.startswith(b"220 "), f"the second: {said!r}")
            wire, said = self.greeting(server.port)
            equal(said[:9], b"421 4.3.2", "one too many")
            check(wire.at_end(), "it is not closed")
            first.close()
            until(lambda: self.greeting(server.port)[1][:4] == b"220 ", 10,
                  "there is room again")

    def full_house_implicit(self) -> None:
        """Under implicit TLS there is nothing to be said."""
        self.configure("fork", max_connections=1)
        with Activator(self.instance, HANDLER, "--tls=implicit") as server:
            held = Wire.connect(server.port)
            until(lambda: children(server.pid()), 10, "a session")
            check(Wire.connect(server.port).at_end(), "it says something")
            held.close()

    def per_address(self) -> None:
        """One address is not all of them."""
        with self.acceptor("fork", max_per_address=1) as server:
            held, _ = self.greeting(server.port)
            equal(self.greeting(server.port)[1][:4], b"421 ", "the same")
            equal(self.greeting(server.port, "127.0.0.2")[1][:4], b"220 ",
                  "another")
            held.close()

    def balancer(self) -> None:
        """Behind a balancer all come from one."""
        limits = {"proxy-from": ["127.0.0.0/8"]}
        with self.acceptor("fork", limits=limits, max_per_address=1) as server:
            for _ in range(3):
                wire = Wire.connect(server.port)
                wire.send(b"PROXY TCP4 192.0.2.7 192.0.2.1 9 25\r\n")
                equal(wire.line()[:4], b"220 ", "a client behind it")

    def pop3(self) -> None:
        """A collector's house is full in POP3's words."""
        self.instance.settings = dict(self.normal)
        self.instance.configure(**{"pop3-serve": {"max-connections": 1}})
        with Activator(self.instance, "pop3-serve", "") as server:
            pop3 = self.instance.pop3(server.port, self.mailbox)
            said = self.greeting(server.port)[1]
            equal(said[:15], b"-ERR [SYS/TEMP]", "one too many")
            pop3.quit()

    # --- making room for another ---------------------------------------------

    def idle_exit(self, isolation: str) -> None:
        """Nothing runs when nobody comes, and who holds a session is there."""
        with self.acceptor(isolation, idle_exit=1) as server:
            smtp = self.instance.smtp(server.port)
            pid, begun = server.pid(), time.monotonic()
            until(lambda: time.monotonic() > begun + 2.5, 10, "time passes")
            check(server.process.poll() is None, "it left a session alone")
            smtp.quit()
            until(lambda: server.codes == [0], 20, "it ends by itself")
            self.deliver(server.port)
            check(server.pid() != pid and server.starts == 2, "another one")

    def max_age(self) -> None:
        """Under load it ends, too, and no session with it."""
        with self.acceptor("fork", max_age=1) as server:
            smtp = self.instance.smtp(server.port)
            until(lambda: self.deliver(server.port) and server.starts > 2, 60,
                  "others have come")
            self.require_kept([smtp.deliver(self.mailbox.address, BODY % 3)
                               .want(250).lines[0]])
            equal(set(server.codes), {0}, "exit codes")

    def configuration(self, isolation: str) -> None:
        """What is configured counts from the next connection on; what cannot
        be read counts never.
        """
        with self.acceptor(isolation, idle_exit=3600) as server:
            self.greeting(server.port)
            self.instance.configure(hostname="new.restante.test")
            check(b"new.restante.test" in self.greeting(server.port)[1],
                  "the old name is told")
            good = self.instance.conf.read_text()
            if isolation == "fork":
                pid = server.pid()
                self.instance.conf.write_text("nonsense = 1\n")
                check(b"new.restante.test" in self.greeting(server.port)[1],
                      "a fault is obeyed")
                equal(server.pid(), pid, "the acceptor")
                check("stays in force" in server.log_text(), "it is not told")
            self.instance.conf.write_text(good.replace("new.", "newer."))
            check(b"newer.restante.test" in self.greeting(server.port)[1],
                  "the newer name is not told")

    def never_configured(self) -> None:
        """One that cannot start closes what waits: else its socket would start
        it again and again.
        """
        self.configure("fork")
        self.instance.conf.write_text("nonsense = 1\n")
        with Activator(self.instance, HANDLER, "") as server:
            for _ in range(5):
                check(Wire.connect(server.port).at_end(), "it says something")
            until(lambda: len(server.codes) == server.starts, 10, "ended")
            equal(set(server.codes), {64}, "exit codes")
            check(server.starts <= 5, f"{server.starts} starts")

    def certificate(self, isolation: str) -> None:
        """A certificate without its key is none; both count at once."""
        with self.acceptor(isolation, idle_exit=3600) as server:
            old = peer_certificate(self.instance, server.port)
            tls = self.instance.tls
            folder = self.instance.root / f"renewed-{isolation}"
            folder.mkdir()
            new = make_certificate(folder)
            self.instance.place.give(new.key)
            os.rename(new.certificate, tls.certificate)
            if isolation == "fork":
                equal(peer_certificate(self.instance, server.port), old,
                      "the certificate before its key is there")
            os.rename(new.key, tls.key)
            shutil.copy(new.ca, tls.ca)
            self.instance.context.load_verify_locations(str(new.ca))
            check(peer_certificate(self.instance, server.port) != old,
                  "the certificate is the old one")

    def upgrade(self, isolation: str) -> None:
        """Another program in its place serves the next connection; what runs
        goes on, and nothing that was promised is lost.
        """
        self.configure(isolation, idle_exit=3600)
        program = self.instance.root / f"program-{isolation}"
        original = self.instance.place.handler(HANDLER)
        shutil.copy(original, program)
        with Activator(self.instance, HANDLER, "",
                       program=program) as server, \
                self.load(server.port) as said:
            smtp = self.instance.smtp(server.port)
            for _ in range(3):
                n = len(said)
                until(lambda n=n: len(said) > n, 60, "mail is taken")
                new = program.with_suffix(".new")
                shutil.copy(original, new)
                inode = new.stat().st_ino
                os.rename(new, program)
                self.greeting(server.port)[0].close()
                equal(os.stat(f"/proc/{server.pid()}/exe").st_ino, inode,
                      "the program that runs")
            said.append(smtp.deliver(self.mailbox.address, BODY % 4).want(250)
                        .lines[0])
            equal(set(server.codes), {0}, "exit codes")
        self.require_kept(said)

    def by_itself(self, isolation: str) -> None:
        """With --listen nobody brings it back: it keeps its socket."""
        self.configure(isolation, max_age=1)
        with Listening(self.instance) as server:
            smtp = self.instance.smtp(server.port)
            begun, n = time.monotonic(), 0
            while time.monotonic() < begun + 3:
                self.deliver(server.port)
                n += 1
            check(n > 0 and server.process.poll() is None, "it has ended")
            smtp.deliver(self.mailbox.address, BODY % 5).want(250)

    def bad_address(self) -> None:
        """What is no address is told before anything is bound."""
        for text in ("25", "localhost:25", "127.0.0.1:0", "127.0.0.1:65536",
                     "::1:25", "127.0.0.1", "127.0.0.1/8:25", "[::1]25", ""):
            done = subprocess.run(
                [self.instance.place.handler(HANDLER), "-c",
                 str(self.instance.conf), "--listen", text],
                stdin=subprocess.DEVNULL, capture_output=True, check=False,
                timeout=30, **self.instance.place.as_user)
            equal(done.returncode, 64, f"--listen {text}")
            check(b"expected an address" in done.stderr, f"--listen {text}")

    # --- what may happen -----------------------------------------------------

    @contextlib.contextmanager
    def load(self, port: int, workers: int = 4) -> Iterator[list[str]]:
        """Senders that try again what was refused; yields what was promised."""
        said: list[str] = []
        stop = threading.Event()
        faults: list[str] = []

        def send() -> None:
            while not stop.is_set():
                try:
                    said.append(self.deliver(port))
                except (Vanished, OSError, ssl.SSLError):
                    continue  # a sender's queue has it
                except Failure as why:
                    faults.append(str(why))
                    return
        threads = [threading.Thread(target=send) for _ in range(workers)]
        for thread in threads:
            thread.start()
        try:
            yield said
        finally:
            stop.set()
            for thread in threads:
                thread.join()
        equal(faults, [], "what senders were told")

    def killed(self, isolation: str) -> None:
        """KILL amid load: what was promised is kept, sessions go on, and the
        next one serves who waited.
        """
        with self.acceptor(isolation) as server, \
                self.load(server.port) as said:
            smtp = self.instance.smtp(server.port)
            for kills in range(1, 13):
                os.kill(server.pid(), signal.SIGKILL)
                until(lambda k=kills: len(server.codes) >= k, 10, "it ends")
                n = len(said)
                until(lambda n=n: len(said) > n, 60, "mail is taken again")
            said.append(smtp.deliver(self.mailbox.address, BODY % 6).want(250)
                        .lines[0])
            smtp.quit()
            equal(server.codes, 12 * [-signal.SIGKILL], "ends")
        self.require_kept(said)

    def storm(self, isolation: str) -> None:
        """Acceptors and sessions are killed at any moment, whichever."""
        rng = random.Random(1)
        victims = 0
        with self.acceptor(isolation) as server, \
                self.load(server.port, 8) as said:
            end = time.monotonic() + STORM_SECONDS
            while time.monotonic() < end:
                acceptor = server.pid()
                running = children(acceptor)
                if rng.random() < ACCEPTOR_SHARE:
                    running = [acceptor]
                if running:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(rng.choice(running), signal.SIGKILL)
                        victims += 1
                time.sleep(0.05)
            n = len(said)
            until(lambda: len(said) > n, 60, "mail is taken after it")
        self.require_kept(said)
        self.report.figure(f"acceptor-storm-{isolation}",
                           f"{victims} killed, {len(server.codes)} of them "
                           f"acceptors, {len(said)} messages")

    def waiting(self, isolation: str) -> None:
        """Who waits in the socket when it is killed is served by the next."""
        with self.acceptor(isolation) as server:
            self.greeting(server.port)
            pid = server.pid()
            os.kill(pid, signal.SIGSTOP)
            wires = [Wire.connect(server.port) for _ in range(10)]
            os.kill(pid, signal.SIGKILL)
            for wire in wires:
                equal(wire.line()[:4], b"220 ", "who waited")
            check(server.pid() != pid, "another one")

    def stopped(self, isolation: str) -> None:
        """TERM ends it and no session."""
        with self.acceptor(isolation) as server:
            smtp = self.instance.smtp(server.port)
            os.kill(server.pid(), signal.SIGTERM)
            until(lambda: server.codes == [0], 10, "it ends")
            self.require_kept([smtp.deliver(self.mailbox.address, BODY % 7)
                               .want(250).lines[0]])

    def child_crashes(self, isolation: str) -> None:
        """A session that ends badly is told of, and ends alone."""
        with self.acceptor(isolation) as server:
            other = self.instance.smtp(server.port)
            pid = server.pid()
            before = set(children(pid))
            wire, _ = self.greeting(server.port)
            (session,) = set(children(pid)) - before
            os.kill(session, signal.SIGSEGV)
            check(wire.at_end(), "its connection is there")
            until(lambda: "ended by signal 11" in server.log_text(), 10,
                  "the log says so")
            other.deliver(self.mailbox.address, BODY % 8).want(250)
            self.deliver(server.port)
            equal(server.pid(), pid, "the acceptor")


def server_hello(port: int) -> tuple[bytes, bytes]:
    """Random and key share that a new connection gets (RFC 8446 4.1.3)."""
    wire = Wire.connect(port)
    smtp = Smtp(wire)
    smtp.command("STARTTLS").want(220)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    context = ssl.create_default_context()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    wire.send(outgoing.read())
    while len(wire.held) < 5 or \
            len(wire.held) < 5 + int.from_bytes(wire.held[3:5], "big"):
        wire.fill()
    hello = bytes(wire.held[5:5 + int.from_bytes(wire.held[3:5], "big")])
    wire.close()
    equal(hello[0], 2, "a ServerHello")
    random, rest = hello[6:38], hello[38:]
    at = 1 + rest[0] + 3  # session id, cipher, compression
    extensions = rest[at + 2:]
    while extensions:
        kind, size = (int.from_bytes(extensions[i:i + 2], "big")
                      for i in (0, 2))
        if kind == 51:
            return random, extensions[8:4 + size]
        extensions = extensions[4 + size:]
    raise Failure("no key share")


def peer_certificate(instance: Instance, port: int) -> bytes:
    """What a new connection is shown."""
    smtp = instance.smtp(port)
    shown = smtp.wire.sock.getpeercert(True)
    smtp.quit()
    return shown


def cases(place: Place, report: Report, _: object) -> Iterator[Case]:
    """Each by fork and by exec, where that may differ."""
    world = World(place, report)
    both: list[Callable[[str], None]] = [
        world.serves, world.by_fd_0, world.by_xinetd, world.by_systemd,
        world.full_house, world.idle_exit, world.configuration,
        world.certificate, world.upgrade, world.by_itself, world.killed,
        world.storm, world.waiting, world.stopped, world.child_crashes]
    for case in both:
        for isolation in ("fork", "exec"):
            yield (f"acceptor-{case.__name__.replace('_', '-')}-{isolation}",
                   lambda case=case, isolation=isolation: case(isolation))
    for case in (world.chance, world.full_house_implicit, world.per_address,
                 world.balancer, world.pop3, world.max_age,
                 world.never_configured, world.bad_address):
        yield f"acceptor-{case.__name__.replace('_', '-')}", case


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
