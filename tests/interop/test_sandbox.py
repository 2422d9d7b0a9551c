#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Handlers at work, seen from outside: each is confined before it greets, its
dialler too, also where the kernel has no Landlock; the shell command and the
console leave no core and are looked into by nobody; and what pop3-serve holds
in its memory once it has a password, and once it has said goodbye.
"""

import contextlib
import os
import pty
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.deadline import until
from harness.instance import DOMAIN, Instance, Mailbox
from harness.place import Place
from harness.pop3 import Pop3, Refused
from harness.processes import (memory, require_closed, require_confined,
                               stopped_at_its_end, waits_for_input)
from harness.report import Report, Skip, check, equal
from harness.script import Case, run_script
from harness.servers import Spawner, children, free_port
from harness.smtp import Smtp
from harness.tools import tool
from harness.web_client import FORM
from harness.web_servers import with_console
from harness.wire import Wire

HANDLERS = ("smtp-journal", "smtp-proxy", "pop3-proxy", "pop3-serve")
FILES = {"smtp-journal": 600}  # it holds some for each of its mailboxes
NO_LANDLOCK = Path(__file__).resolve().parents[1] / \
    "support/without_landlock.py"
BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def confined(instance: Instance, name: str) -> None:
    """When it greets."""
    client, handler = Spawner(instance, name, "--tls=starttls").open()
    wire = Wire(client)
    wire.line()
    dialler = [children(handler.pid)[0]] if "proxy" in name else []
    for pid in (handler.pid, *dialler):
        require_confined(pid, FILES.get(name, 256))
    wire.close()
    equal(handler.wait(300), 0, "exit status")


def diallers_hold_no_client(instance: Instance, name: str) -> None:
    """Where fd 2 is the connection, as under xinetd, its end is the end."""
    with socket.create_server(("127.0.0.1", free_port())) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    inode = os.fstat(server.fileno()).st_ino
    with server:
        handler = subprocess.Popen(
            [instance.place.handler(name), "-c", str(instance.conf),
             "--tls=starttls"], stdin=server, stdout=server, stderr=server,
            **instance.place.as_user)
    wire = Wire(client)
    wire.line()
    dialler = Path(f"/proc/{children(handler.pid)[0]}/fd")
    until(lambda: f"socket:[{inode}]" not in map(os.readlink,
                                                 dialler.iterdir()),
          300, "the dialler has let go of the client")
    wire.close()
    equal(handler.wait(300), 0, "exit status")


def diallers_end_with_their_session(instance: Instance, name: str) -> None:
    """However it ends."""
    client, handler = Spawner(instance, name, "--tls=starttls").open()
    wire = Wire(client)
    wire.line()
    dialler = children(handler.pid)[0]
    until(lambda: os.readlink(f"/proc/{dialler}/fd/0") == "/dev/null",
          300, "the dialler has let go of the client")
    os.kill(dialler, signal.SIGSTOP)
    handler.kill()
    handler.wait()
    until(lambda: not is_running(dialler), 300, "its dialler has ended")
    wire.close()


def is_running(pid: int) -> bool:
    """A process that only waits for its parent has ended."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text("ascii", "replace")
    except FileNotFoundError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


def most_mailboxes(instance: Instance) -> None:
    """A message to as many mailboxes as can be configured fits in."""
    instance.configure(smtp_journal={"max-mailboxes": 100})
    first = instance.create_mailbox()
    folders = [instance.folder(first)]
    for number in range(99):
        folders.append(folders[0].with_name(f"mbx-{number:032x}"))
        subprocess.run(["cp", "-a", folders[0], folders[-1]], check=True)
    with contextlib.closing(Spawner(instance, "smtp-journal",
                                    "--tls=starttls")) as spawner:
        client, handler = spawner.open()
        smtp = Smtp(Wire(client), instance.context)
        smtp.deliver([f"{folder.name}@{DOMAIN}" for folder in folders],
                     b"Subject: to all\r\n\r\n").want(250)
        smtp.quit()
        equal(handler.wait(60), 0, "exit status")
    check(all(len(list((folder / "cur").iterdir())) == 1
              for folder in folders), "not every mailbox has it")
    for folder in folders:
        shutil.rmtree(folder)


def without_landlock(instance: Instance, name: str) -> None:
    """On a kernel that has none: it says so once, and the rest holds."""
    spawner = Spawner(instance, name, "--tls=starttls",
                      wrap=[sys.executable, "-I", "-S", str(NO_LANDLOCK)])
    client, handler = spawner.open()
    wire = Wire(client)
    wire.line()
    require_confined(handler.pid, FILES.get(name, 256))
    wire.close()
    equal(handler.wait(300), 0, "exit status")
    equal(spawner.log_text().count("this kernel has no Landlock"), 1,
          "times that the log says it")


def full_pipe() -> tuple[int, int]:
    """Whoever writes into it waits until somebody reads."""
    out, into = os.pipe()
    os.set_blocking(into, False)
    with contextlib.suppress(BlockingIOError):
        while True:
            os.write(into, b" " * 4096)
    os.set_blocking(into, True)
    return out, into


def read_to_end(fd: int) -> str:
    """What comes out of a pipe, the filling aside."""
    with open(fd, encoding="utf-8") as pipe:
        return pipe.read().lstrip(" ")


def the_ledger_is_confined(instance: Instance) -> None:
    """It has something to say and cannot say it yet; and where there is no
    Landlock it says so and goes on.
    """
    folder = instance.root / "ledger"
    folder.mkdir(mode=0o750)
    instance.place.give(folder)
    instance.configure(ledger={"path": folder})
    spools = instance.folder(instance.create_mailbox("ledger")) / "spool"
    (spools / "local.1").mkdir()
    program = [instance.place.handler("ledger"), "-c", str(instance.conf),
               "--once"]
    out, into = full_pipe()
    with subprocess.Popen(program, stderr=into,
                          **instance.place.as_user) as ledger:
        os.close(into)
        require_confined(ledger.pid, 600)
        said = read_to_end(out)
    equal((ledger.returncode, "is no spool" in said), (0, True), said)
    done = subprocess.run([sys.executable, "-I", "-S", str(NO_LANDLOCK),
                           *program], capture_output=True, text=True,
                          check=False, timeout=300, **instance.place.as_user)
    equal((done.returncode, done.stderr.count("has no Landlock")), (0, 1),
          done.stderr)
    (spools / "local.1").rmdir()


def programs_are_closed(instance: Instance) -> None:
    """The shell command and the console, as they wait for a password."""
    console = with_console(instance)
    tool_path = instance.place.handler("mailbox-tool")
    commands = {"mailbox-tool": [tool_path, "-c", str(console.conf), "admin",
                                 "add", "anna"],
                "console.cgi": [instance.place.handler("console.cgi")]}
    env = {"RESTANTE_CONF": str(console.conf), "REQUEST_METHOD": "POST",
           "PATH_INFO": "/login", "CONTENT_LENGTH": "100",
           "CONTENT_TYPE": FORM}
    for name, command in commands.items():
        with subprocess.Popen(command, stdin=subprocess.PIPE, env=env,
                              stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL,
                              **instance.place.as_user) as program:
            try:
                until(lambda p=program: waits_for_input(p.pid), 300,
                      f"{name} waits for its input")
                require_closed(program.pid)
            finally:
                program.kill()


def identity(instance: Instance, mailbox: Mailbox) -> bytes:
    """The mailbox's private key: age opens the file and asks a terminal."""
    ours, theirs = pty.openpty()
    age = subprocess.Popen(
        [tool("age"), "-d", instance.folder(mailbox) / "identity.age"],
        stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        start_new_session=True,
        preexec_fn=lambda: os.close(os.open(os.ttyname(0), os.O_RDWR)))
    os.write(ours, mailbox.password.encode() + b"\n")
    text = age.communicate(timeout=300)[0].decode("ascii")
    data = re.search(r"AGE-SECRET-KEY-1(\w+)", text).group(1).lower()
    bits = "".join(f"{BECH32.index(c):05b}" for c in data[:-6])
    return int(bits[:256], 2).to_bytes(32, "big")


def secrets_go(instance: Instance) -> None:
    """The password behind its check, the key behind QUIT."""
    if os.geteuid() != 0:
        raise Skip("needs root, to read another process")
    mailbox = instance.create_mailbox("secrets")
    key = identity(instance, mailbox)
    words = [mailbox.password.encode(),
             mailbox.password.replace("-", "").encode()]
    client, handler = Spawner(instance, "pop3-serve", "--tls=starttls").open()
    pop3 = Pop3(Wire(client), instance.context)
    try:
        pop3.login(mailbox.id, mailbox.password[:-1])
    except Refused:
        pass
    check(not any(word[:-1] in memory(handler.pid) for word in words),
          "a wrong password is in the memory")
    pop3.login(mailbox.id, mailbox.password)
    held = memory(handler.pid)
    check(not any(word in held for word in words),
          "the password is in the memory behind PASS")
    check(key in held, "the key is not found where it is needed: no test")
    with stopped_at_its_end(handler.pid):
        pop3.command("QUIT")
        pop3.wire.close()
        os.waitpid(handler.pid, 0)
        held = memory(handler.pid)
    check(mailbox.id.encode() in held, "the memory was not read: no test")
    check(not any(word in held for word in (*words, key)),
          "a secret is in the memory behind QUIT")
    equal(handler.wait(300), 0, "exit status")


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Each handler, then the memory."""
    instance = Instance(place)
    for name in HANDLERS:
        yield f"sandbox-{name}", partial(confined, instance, name)
        yield f"sandbox-{name}-without-landlock", partial(
            without_landlock, instance, name)
    for name in ("smtp-proxy", "pop3-proxy"):
        yield f"sandbox-{name}-dialler-holds-no-client", partial(
            diallers_hold_no_client, instance, name)
        yield f"sandbox-{name}-dialler-ends-with-it", partial(
            diallers_end_with_their_session, instance, name)
    yield "sandbox-ledger", partial(the_ledger_is_confined, instance)
    yield "sandbox-most-mailboxes", partial(most_mailboxes, instance)
    yield "sandbox-programs-are-closed", partial(programs_are_closed, instance)
    yield "sandbox-secrets-go", lambda: secrets_go(instance)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
