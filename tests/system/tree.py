# SPDX-License-Identifier: GPL-3.0-or-later
"""A Debian tree, and the tree booted with a real systemd.

The bare tree is made once by debootstrap and kept in the tests' cache; a test
works on a copy. A script that boots one runs in namespaces of its own (mounts,
network, processes): nothing that happens in there is seen by the machine that
it runs on, and when the script ends, in whatever way, everything in there has
ended too.
"""

import ctypes
import fcntl
import hashlib
import os
import platform
import pty
import re
import select
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

HERE = Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
sys.path.insert(0, str(HERE.parent / "support"))

from harness.deadline import until
from harness.report import Failure, check
from harness.script import NAMESPACE
from harness.tools import SYSTEM_PATH, TREE



def release() -> str:
    """The suite of this machine, where it is Debian's: what is built here is
    for it. PACKAGE_DIR may have packages of another.
    """
    if named := os.environ.get("PACKAGE_SUITE"):
        return named
    with suppress(OSError, KeyError):
        return platform.freedesktop_os_release()["VERSION_CODENAME"]
    return "bookworm"


SUITE = release()
CGROUP = "restante-test-"
INSIDE = "RESTANTE_TEST_SYSTEM"  # set to the cgroups of the script
CLONE_NEWNET = 0x40000000  # linux/sched.h
SIOCSIFFLAGS, IFF_UP = 0x8914, 1  # linux/sockios.h, linux/if.h
BOOT_SECONDS = 300
# What a host lets a process do, and a container of systemd 252 does not.
LANDLOCK = ("landlock_create_ruleset landlock_add_rule "
            "landlock_restrict_self")
REBOOTING = 133  # how systemd-nspawn ends when the system in it reboots
ENV = {"PATH": SYSTEM_PATH, "HOME": "/root", "LC_ALL": "C.UTF-8",
       "TERM": "dumb"}


# --- the bare tree -------------------------------------------------------------

def runtime(*libraries: str) -> list[str]:
    """Packages of libraries by their names in this release: since Debian 13
    those that hold a time have another.
    """
    return [name if SUITE == "bookworm" else f"{name}t64"
            for name in libraries]


def mirror(suite: str) -> str | None:
    """Where apt of this machine gets the suite from; None if it does not."""
    done = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(CODENAME) $(SITE)",
         "Created-By: Packages"], text=True, check=False,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    for line in done.stdout.splitlines():
        name, _, site = line.partition(" ")
        if name == suite:
            return site
    return None


def _debootstrap(path: Path, packages: Iterable[str], suite: str) -> None:
    command = ["debootstrap", "--variant=minbase",
               "--include=" + ",".join(packages), suite, str(path)]
    if site := mirror(suite):
        command.append(site)
    with open(path.with_suffix(".log"), "wb") as log:
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log,
                              stderr=log, env=ENV, check=False)
    if done.returncode != 0:
        raise Failure(f"debootstrap failed, see {log.name}")
    for deb in (path / "var/cache/apt/archives").glob("*.deb"):
        deb.unlink()


def require_root() -> None:
    """Containers need it."""
    if os.geteuid() != 0:
        raise SystemExit("this needs root: it boots a system in a container")


def bare_tree(packages: Iterable[str], suite: str = SUITE) -> Path:
    """A minimal Debian with these packages, made where it is not there yet."""
    packages = sorted(set(packages))
    key = hashlib.sha256(" ".join([suite, *packages]).encode()).hexdigest()
    cache = TREE.parent
    cache.mkdir(parents=True, exist_ok=True)
    path = cache / f"{suite}-{key[:16]}"
    with open(cache / f"{suite}.lock", "wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not path.exists():
            new = path.with_suffix(".new")
            shutil.rmtree(new, ignore_errors=True)
            _debootstrap(new, packages, suite)
            new.rename(path)
    return path


def copy_tree(bare: Path, path: Path) -> Path:
    """A copy to work on."""
    subprocess.run(["cp", "-a", "--reflink=auto", bare, path], check=True)
    return path


def lend_network(root: Path) -> None:
    """Names, proxies and authorities for a tree that shares our network."""
    for name in ("etc/resolv.conf", "etc/hosts",
                 "etc/ssl/certs/ca-certificates.crt"):
        if Path("/", name).exists():
            (root / name).write_bytes(Path("/", name).read_bytes())
    dump = subprocess.run(["apt-config", "dump"], text=True, check=True,
                          stdout=subprocess.PIPE).stdout
    lines = [line for line in dump.splitlines()
             if line.lower().startswith(("acquire::http", "acquire::retr"))]
    (root / "etc/apt/apt.conf.d/99network").write_text(
        "\n".join([*lines, ""]), "utf-8")


def export_source(path: Path) -> None:
    """What git has of this source tree, and nothing that was built from it."""
    git = ["git", "-c", f"safe.directory={SOURCE}", "-C", str(SOURCE)]
    names = subprocess.run(
        [*git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        stdout=subprocess.PIPE, check=True).stdout.decode().split("\0")
    for name in names:
        if name and (SOURCE / name).is_file():
            (path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(SOURCE / name, path / name)


def build_packages(work: Path, **env: str) -> Path:
    """Debian's packages of this tree, in this directory: built without the
    tests, which are run by themselves, and without what is for debuggers, which
    takes longer than the rest.
    """
    export_source(work / "restante")
    done = subprocess.run(
        ["dpkg-buildpackage", "-us", "-uc"], cwd=work / "restante",
        env={**os.environ, "DEB_CFLAGS_STRIP": "-g",
             "DEB_BUILD_OPTIONS": "nocheck noautodbgsym terse", **env},
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, check=False)
    (work / "build.log").write_bytes(done.stdout)
    check(done.returncode == 0, f"see {work / 'build.log'}: "
          f"{done.stdout[-800:].decode(errors='replace')}")
    return work


# --- namespaces ----------------------------------------------------------------

def _cgroup_folders() -> list[Path]:
    """Where our process stands in systemd's hierarchies of control groups."""
    places = {}
    for line in Path("/proc/self/cgroup").read_text("ascii").splitlines():
        number, names, place = line.split(":", 2)
        if number == "0" or names == "name=systemd":
            places[names] = place
    folders = []
    for line in Path("/proc/self/mountinfo").read_text("utf-8").splitlines():
        before, _, after = line.partition(" - ")
        root, point = before.split()[3:5]
        kind, options = after.split()[0], after.split()[2]
        for names, place in places.items():
            ours = kind == "cgroup2" if not names else \
                kind == "cgroup" and names in options.split(",")
            if ours and root == "/":
                folders.append(Path(point + place))
    return folders


def _remove_cgroup(folder: Path) -> None:
    for path, _, _ in os.walk(folder, topdown=False):
        with suppress(OSError):
            os.rmdir(path)


def _supervise(cgroups: list[Path], network: list[str]) -> int:
    """Start ourselves again in there; when we leave, nothing of it is left."""
    def ended(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, ended)
    inner = subprocess.Popen(
        ["setpriv", "--pdeathsig=KILL",  # if we are killed ourselves
         "unshare", *network, "--mount", "--pid", "--fork", "--kill-child",
         "--mount-proc", sys.executable, *sys.argv],
        env={**os.environ, NAMESPACE: "1",
             INSIDE: ":".join(map(str, cgroups))})
    try:
        return inner.wait()
    except KeyboardInterrupt:
        with suppress(subprocess.TimeoutExpired, KeyboardInterrupt):
            inner.wait(30)  # it got the signal as well and cleans up
        return 130
    finally:
        inner.kill()  # and by --kill-child every process in there
        inner.wait()


def _remove_abandoned(folder: Path) -> None:
    """What scripts left that were killed themselves."""
    for old in folder.glob(f"{CGROUP}*"):
        if not Path("/proc", old.name.removeprefix(CGROUP)).exists():
            _remove_cgroup(old)


def _in_cgroups(network: list[str]) -> int:
    folders = _cgroup_folders()
    for folder in folders:
        _remove_abandoned(folder)
    cgroups = [folder / f"{CGROUP}{os.getpid()}" for folder in folders]
    try:
        for folder in cgroups:
            folder.mkdir()
        return _supervise(cgroups, network)
    finally:
        for folder in cgroups:
            with suppress(Failure):
                until(lambda at=folder: _remove_cgroup(at) or not at.exists(),
                      10, "control groups are empty")


def _loopback_up() -> None:
    """In a network namespace that is new, even this is down."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS,
                    struct.pack("16sh", b"lo", IFF_UP))


def own_run() -> None:
    """Where containers keep their locks and sockets, and where our network may
    be described.
    """
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/run"], check=True)


def leave_network() -> None:
    """From here on there is loopback alone, and it is our own."""
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        raise OSError(ctypes.get_errno(), "unshare")
    own_run()
    _loopback_up()


def enter_namespaces(with_network: bool = False) -> Path:
    """Start over where mounts and processes are ours alone, and the network
    unless it is needed.

    The directory to work in, whose `tree` is removed in the end.
    """
    work = Path(os.environ.get("RESTANTE_WORK") or
                tempfile.mkdtemp(prefix="restante-", dir="/var/tmp"))
    if os.environ.get(INSIDE):
        for folder in os.environ[INSIDE].split(":"):
            Path(folder, "cgroup.procs").write_text("0", "ascii")
        if not with_network:
            own_run()
            _loopback_up()
        return work
    ours = "RESTANTE_WORK" not in os.environ
    os.environ["RESTANTE_WORK"] = str(work)
    status = 1
    try:
        status = _in_cgroups([] if with_network else ["--net"])
    finally:
        shutil.rmtree(work / "tree", ignore_errors=True)
        if ours and status == 0:
            shutil.rmtree(work)
        elif ours:
            print(f"# kept: {work}", flush=True)
    sys.exit(status)


# --- a booted tree -------------------------------------------------------------

def _child(pid: int) -> int:
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii")
    except FileNotFoundError:
        return 0
    return int(text.split()[0]) if text.split() else 0


class Machine:
    """A tree with systemd running in it. It shares our network: loopback."""

    def __init__(self, root: Path, console: Path, *options: str) -> None:
        self.root = root
        self.options = options  # more of systemd-nspawn's
        self.console = open(console, "ab")
        self.nspawn: subprocess.Popen | None = None

    def __enter__(self) -> "Machine":
        self.boot()
        return self

    def __exit__(self, *_: object) -> None:
        self.power_off()
        self.console.close()

    def boot(self) -> float:
        """Start it; how many seconds it took."""
        begun = time.monotonic()
        self.nspawn = subprocess.Popen(
            ["systemd-nspawn", "--quiet", "--boot", f"--directory={self.root}",
             "--network-namespace-path=/proc/self/ns/net", "--machine=host",
             "--keep-unit", "--register=no", "--link-journal=no",
             "--resolv-conf=off", "--timezone=off", "--console=pipe",
             f"--system-call-filter={LANDLOCK}", *self.options],
            stdin=subprocess.DEVNULL, stdout=self.console, stderr=self.console)
        self.wait_until_up()
        return time.monotonic() - begun

    @property
    def leader(self) -> int:
        """Its process 1, as we see it; 0 where there is none."""
        return _child(self.nspawn.pid) if self.nspawn else 0

    def state(self) -> str:
        """What systemctl says of the whole system."""
        if self.nspawn.poll() is not None:
            raise Failure(f"systemd-nspawn ended with {self.nspawn.returncode}")
        with suppress(Failure, subprocess.TimeoutExpired):
            return self.run("systemctl", "is-system-running", want=None,
                            timeout=10).stdout.strip()
        return ""

    def wait_until_up(self) -> None:
        """All jobs of the boot are done."""
        until(lambda: self.state() in ("running", "degraded"), BOOT_SECONDS,
              "the system is up")

    def run(self, *command: str, text: str = "", timeout: float = 60,
            want: int | None = 0, cwd: str = "/root",
            env: dict[str, str] | None = None) -> subprocess.CompletedProcess:
        """Run a command in there, as root, with a plain environment."""
        leader = self.leader
        check(leader, "the system is down")
        done = subprocess.run(
            ["nsenter", f"--target={leader}", "--all", "--",
             "sh", "-c", 'cd "$1" && shift && exec "$@"', "sh", cwd, *command],
            input=text, text=True, capture_output=True, timeout=timeout,
            errors="replace", env={**ENV, **(env or {})}, check=False)
        check(want is None or done.returncode == want,
              f"{' '.join(command)} ended with {done.returncode}: "
              f"{done.stdout[-600:]} {done.stderr[-600:]}")
        return done

    def talk(self, command: list[str], answers: list[tuple[str, str]],
             timeout: float = 300) -> str:
        """A command on a terminal, and somebody who answers what it asks: to
        a line with these words, that. What was to be read there.
        """
        ours, theirs = pty.openpty()
        with subprocess.Popen(
                ["nsenter", f"--target={self.leader}", "--all", "--", *command],
                stdin=theirs, stdout=theirs, stderr=theirs, env=ENV,
                start_new_session=True) as process:
            os.close(theirs)
            said, at, left = "", 0, list(answers)
            end = time.monotonic() + timeout
            while time.monotonic() < end:
                if not select.select([ours], [], [], 1)[0]:
                    continue
                try:
                    said += os.read(ours, 4096).decode(errors="replace")
                except OSError:  # the last of them has closed it
                    break
                if left and left[0][0] in said[at:] and \
                        said.endswith(("]: ", "] ")):
                    os.write(ours, f"{left.pop(0)[1]}\n".encode())
                    at = len(said)
            else:
                process.kill()
            os.close(ours)
        said = said.replace("\r\n", "\n")
        check(process.returncode == 0 and not left,
              f"ended with {process.returncode}, not asked {left}: {said}")
        return said

    def shell(self, script: str, **options: object) -> str:
        """Run a few lines of sh in there; what they print."""
        return self.run("sh", "-euc", script, **options).stdout

    def boot_id(self) -> str:
        """The kernel's name of this boot."""
        return self.shell("cat /proc/sys/kernel/random/boot_id").strip()

    def reboot(self) -> float:
        """An orderly reboot; how many seconds until it is up again."""
        begun = time.monotonic()
        self.run("systemctl", "reboot")
        status = self.nspawn.wait(BOOT_SECONDS)
        check(status == REBOOTING, f"systemd-nspawn ended with {status}")
        self.boot()
        return time.monotonic() - begun

    def kill(self) -> None:
        """The opposite: every process in there ends between two steps."""
        if leader := self.leader:
            os.kill(leader, signal.SIGKILL)
        until(self._ended, 300, "every process in there has ended")

    def _ended(self) -> bool:
        """We may be process 1 to those whose parents are gone: a system does
        not end before they are waited for.
        """
        if self.nspawn.poll() is not None:
            return True
        with suppress(ChildProcessError):
            found = os.waitid(os.P_ALL, 0,
                              os.WEXITED | os.WNOHANG | os.WNOWAIT)
            if found and found.si_pid != self.nspawn.pid:
                os.waitpid(found.si_pid, 0)
        return False

    def power_off(self) -> None:
        """End it, however it stands: nobody wants the tree any more."""
        if self.nspawn and self.nspawn.poll() is None:
            self.kill()
        self.nspawn = None

    def journal(self, *options: str) -> str:
        """Lines of the journal of this boot, the text alone."""
        return self.run("journalctl", "--boot", "--no-pager", "--output=cat",
                        *options).stdout

    def paths(self) -> set[str]:
        """Every path there is, what the kernel and the boot make left out."""
        listed = self.shell("find / -xdev -print0")
        return {path for path in listed.split("\0") if path}


# --- what the documents say ----------------------------------------------------

def commands_below(heading: str, file: str = "README.md",
                   number: int = 1) -> str:
    """A fenced block below a heading, the first unless another is named."""
    text = (SOURCE / file).read_text("utf-8")
    section = re.search(rf"^## {re.escape(heading)}\n(.*?)(?=^## |\Z)", text,
                        re.MULTILINE | re.DOTALL)
    check(section, f"{file} has no section {heading}")
    blocks = re.findall(r"^```\w*\n(.*?)^```$", section.group(1),
                        re.MULTILINE | re.DOTALL)
    check(len(blocks) >= number,
          f"{len(blocks)} fenced blocks in the section {heading} of {file}")
    return blocks[number - 1]


def separate(commands: str) -> list[str]:
    """The commands of a block one by one, comments left out."""
    joined = re.sub(r"\\\n\s*", " ", commands)
    return [line for line in map(str.strip, joined.splitlines())
            if line and not line.startswith("#")]
