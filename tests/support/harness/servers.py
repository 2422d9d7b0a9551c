# SPDX-License-Identifier: GPL-3.0-or-later
"""What stands in front of a handler and accepts connections.

Two real ones, a private xinetd and systemd-socket-activate, and one of our own
that leaves the handler's pid in our hands, to be watched or killed. An acceptor
is a handler that does it by itself, brought back by its socket. All of them
listen on 127.0.0.1, on a free port below the ephemeral range.

With RESTANTE_SHAPE=fork or =exec what systemd-socket-activate would stand in
front of is an acceptor of that kind.
"""

import contextlib
import os
import random
import select
import signal
import socket
import subprocess
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path

from .deadline import until
from .instance import Instance
from .report import Failure
from .tools import tool, tool_env


SHAPE = os.environ.get("RESTANTE_SHAPE", "")


def free_port() -> int:
    """A port below 32768 that nobody listens on now."""
    for _ in range(200):
        port = random.randrange(20000, 32000)
        with socket.socket() as sock:
            try:
                sock.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise Failure("no free port")


def is_listening(port: int, address: str = "127.0.0.1",
                 sockets: str = "/proc/net/tcp") -> bool:
    """Does anybody listen there? Asks the kernel, and disturbs nobody."""
    wanted = f"{socket.inet_aton(address)[::-1].hex().upper()}:{port:04X}"
    with open(sockets, encoding="ascii") as table:
        rows = (line.split() for line in table)
        return any(row[1] == wanted and row[3] == "0A" for row in rows)


def children(pid: int) -> list[int]:
    """The children of a process."""
    found: list[int] = []
    with contextlib.suppress(OSError):  # it may be gone by now
        for task in os.listdir(f"/proc/{pid}/task"):
            path = Path(f"/proc/{pid}/task/{task}/children")
            found += map(int, path.read_text().split())
    return found


class Server:
    """A process that listens; use it as a context."""

    port = 0

    def __init__(self) -> None:
        self.process: subprocess.Popen | None = None

    def __enter__(self) -> "Server":
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def is_listening(self, port: int) -> bool:
        """Does it listen there?"""
        return is_listening(port)

    def started(self, process: subprocess.Popen, ports: Sequence[int]) -> None:
        """Wait until it listens; where it does not, it is ended."""
        self.process = process

        def ready() -> bool:
            if process.poll() is not None:
                raise Failure(f"{process.args[0]} ended with "
                              f"{process.returncode}")
            return all(map(self.is_listening, ports))
        try:
            until(ready, 300, f"{process.args[0]} listens")
        except Failure:
            self.stop()
            raise

    def idle(self, seconds: float = 10) -> None:
        """Wait until no handler is running."""
        pid = self.process.pid
        until(lambda: not children(pid), seconds, "all handlers have ended")

    def stop(self) -> None:
        """End the server and the handlers it has left."""
        if not self.process:
            return
        left = children(self.process.pid)
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        for pid in left:
            try:
                os.kill(pid, signal.SIGTERM)
            except ProcessLookupError:
                pass
        self.process = None


XINETD_DEFAULTS = """defaults
{
	instances = 500
	per_source = UNLIMITED
	cps = 10000 1
	log_type = FILE %s
}
"""

XINETD_SERVICE = """service %(name)s
{
	type = UNLISTED
	socket_type = stream
	protocol = tcp
	wait = %(wait)s
	user = %(uid)d
	group = %(gid)d
	bind = 127.0.0.1
	port = %(port)d
	flags = NODELAY
	server = %(server)s
	server_args = %(args)s
%(limits)s}
"""


class Xinetd(Server):
    """A private xinetd; a service is (handler, arguments).

    Limits are attributes of every service, such as per_source.
    """

    def __init__(self, instance: Instance,
                 services: Sequence[tuple[str, str]],
                 prefix: Sequence[str] = (),
                 conf: Path | None = None, wait: str = "no",
                 **limits: int) -> None:
        super().__init__()
        self.ports = [free_port() for _ in services]
        while len(set(self.ports)) < len(self.ports):
            self.ports = [free_port() for _ in services]
        self.port = self.ports[0]
        name = f"xinetd-{self.port}"
        text = XINETD_DEFAULTS % (instance.logs / f"{name}.log")
        for port, (server, args) in zip(self.ports, services):
            if "/" not in server:
                server = instance.place.handler(server)
                args = f"-c {conf or instance.conf} {args}"
            text += XINETD_SERVICE % {
                "name": f"{Path(server).name}-{port}", "port": port,
                "uid": instance.place.uid, "gid": instance.place.gid,
                "server": server, "args": args, "wait": wait,
                "limits": "".join(f"\t{name} = {value}\n"
                                  for name, value in limits.items())}
        file = instance.root / f"{name}.conf"
        file.write_text(text)
        program = tool("xinetd")
        with open(instance.logs / f"{name}.err", "wb") as log:
            self.started(subprocess.Popen(
                [*prefix, program, "-dontfork", "-f", str(file),
                 "-pidfile", str(instance.root / f"{name}.pid")],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=tool_env(program)), self.ports)


class SocketActivate(Server):
    """systemd-socket-activate --accept --inetd; the log is in a file. Or an
    acceptor, where RESTANTE_SHAPE says so.
    """

    def __init__(self, instance: Instance, handler: str, args: str,
                 conf: Path | None = None) -> None:
        super().__init__()
        self.port = free_port()
        self.log = instance.logs / f"{handler}-{self.port}.log"
        front = ["systemd-socket-activate", "--accept", "--inetd",
                 "-l", f"127.0.0.1:{self.port}"]
        command = [instance.place.handler(handler),
                   "-c", str(conf or instance.conf), *args.split()]
        if SHAPE:
            command += ["--listen", f"127.0.0.1:{self.port}"]
        else:
            command = front + command
        with open(self.log, "wb") as log:
            self.started(subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                **instance.place.as_user), [self.port])

    def log_text(self) -> str:
        """What has been logged so far."""
        return self.log.read_text("utf-8", "replace")


# What systemd does: the number of the process that is to take the socket.
PASS_ON = 'export LISTEN_PID=$$ LISTEN_FDS=1; exec "$@" 3<&%d'


class Activator(Server):
    """A listening socket that brings an acceptor back as often as it ends and
    somebody waits, as systemd does with Accept=no; by fd 0, as xinetd does with
    wait = yes.
    """

    def __init__(self, instance: Instance, handler: str, args: str,
                 conf: Path | None = None, by_fd_0: bool = False,
                 program: Path | None = None) -> None:
        super().__init__()
        self.listener = socket.create_server(
            ("127.0.0.1", free_port()), backlog=1024)
        self.port = self.listener.getsockname()[1]
        self.log = instance.logs / f"{handler}-{self.port}.log"
        self.by_fd_0 = by_fd_0
        self.as_user = instance.place.as_user
        self.command = [str(program or instance.place.handler(handler)),
                        "-c", str(conf or instance.conf), *args.split()]
        self.starts = 0
        self.codes: list[int] = []
        self.stopping, self.stopper = os.pipe()
        self.thread = threading.Thread(target=self._watch)
        self.thread.start()

    def _start(self) -> subprocess.Popen:
        command, fds = self.command, ()
        if not self.by_fd_0:
            command = ["sh", "-c", PASS_ON % self.listener.fileno(), "sh",
                       *command]
            fds = (self.listener.fileno(),)
        with open(self.log, "ab") as log:
            return subprocess.Popen(
                command, stdin=self.listener if self.by_fd_0
                else subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=fds, **self.as_user)

    def _watch(self) -> None:
        while True:
            ready = select.select([self.listener, self.stopping], [], [])[0]
            if self.stopping in ready:
                return
            self.process = self._start()
            self.starts += 1
            self.codes.append(self.process.wait())

    def pid(self) -> int:
        """The acceptor that runs now."""
        until(lambda: self.process and self.process.poll() is None, 10,
              "an acceptor runs")
        return self.process.pid

    def log_text(self) -> str:
        """What has been logged so far."""
        return self.log.read_text("utf-8", "replace")

    def stop(self) -> None:
        """End it and what it has left, and take no more connections."""
        if not self.thread.is_alive():
            return
        os.write(self.stopper, b".")
        left = children(self.process.pid) if self.process else []
        while self.thread.is_alive():
            if self.process and self.process.poll() is None:
                self.process.kill()
            self.thread.join(0.05)
        self.listener.close()
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)


class Spawner:
    """A listener of our own: one connection, one handler, one pid."""

    def __init__(self, instance: Instance, handler: str, args: str,
                 conf: Path | None = None, wrap: Sequence[str] = ()) -> None:
        self.command = [*wrap, instance.place.handler(handler),
                        "-c", str(conf or instance.conf), *args.split()]
        self.as_user = instance.place.as_user
        file, name = tempfile.mkstemp(".log", f"{handler}-", instance.logs)
        os.close(file)
        self.log = Path(name)
        self.listener = socket.create_server(("127.0.0.1", free_port()))

    def open(self, source: str = "") -> tuple[socket.socket, subprocess.Popen]:
        """A connected client and the handler at its other end."""
        client = socket.create_connection(
            self.listener.getsockname(),
            source_address=(source, 0) if source else None)
        server, _ = self.listener.accept()
        with server, open(self.log, "ab") as log:
            process = subprocess.Popen(
                self.command, stdin=server, stdout=server, stderr=log,
                **self.as_user)
        return client, process

    def log_text(self) -> str:
        """What has been logged so far."""
        return self.log.read_text("utf-8", "replace")

    def close(self) -> None:
        """Take no more connections."""
        self.listener.close()
