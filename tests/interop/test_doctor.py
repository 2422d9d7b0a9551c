#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""restante doctor on a host of three users: each thing that it looks at is
broken, it says so, it is mended, and it is silent.
"""

import dataclasses
import json
import os
import re
import shutil
import socketserver
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.certs import NAME, make_certificate, sign_itself
from harness.instance import Instance, Mailbox
from harness.mounts import add_users, mount
from harness.place import Place
from harness.report import Report, Skip, check, equal
from harness.script import Case, run_script
from harness.servers import Server, Xinetd
from harness.tools import SYSTEM_PATH

# Nobody on this machine has these numbers; all three have one group.
HANDLER, ADMIN, LEDGER = 54331, 54332, 54333
MESSAGE = b"Subject: x\r\n\r\nbody\r\n"
TIMERS = ("sweep", "settle", "ledger")
SERVICES = [("smtp-journal", "--tls=starttls"), ("pop3-serve", "--tls=starttls")]


def snapshot(*roots: Path) -> dict[Path, tuple]:
    """Owner, group and mode of all that is there."""
    paths = [path for root in roots for path in (root, *root.rglob("*"))
             if not path.is_symlink()]
    return {path: (st.st_uid, st.st_gid, stat.S_IMODE(st.st_mode))
            for path in paths for st in [path.stat()]}


class Host:
    """Three users, a store, a ledger, units and two services."""

    def __init__(self, place: Place) -> None:
        self.place = place
        add_users(place, {"restante": HANDLER, "restante-admin": ADMIN,
                          "restante-ledger": LEDGER}, HANDLER)
        for path in ("/etc/systemd/system", "/etc/cron.d",
                     "/usr/lib/systemd/system", "/run"):
            if Path(path).is_dir():
                mount("-t", "tmpfs", "-o", "mode=755", "tmpfs", path)
        self.booted = Path("/run/systemd/system")  # sd_booted(3)
        self.booted.mkdir(parents=True)
        self.enable(*TIMERS)
        root = place.folder("host")
        store, self.ledger = root / "store", root / "ledger"
        for path, uid in ((store, ADMIN), (self.ledger, LEDGER)):
            path.mkdir()
            os.chown(path, uid, HANDLER)
            path.chmod(0o2750)
        self.instance = Instance(
            dataclasses.replace(place, root=root, as_user={}), "instance",
            store=store, identity={"scrypt-log-n": 10},
            ledger={"path": self.ledger})
        self.instance.place = dataclasses.replace(
            place, root=root, uid=HANDLER, gid=HANDLER, as_user={
                "user": HANDLER, "group": HANDLER, "extra_groups": []})
        self.conf: Path | None = self.instance.conf
        os.chown(self.instance.root / "run", HANDLER, HANDLER)
        (self.instance.root / "run").chmod(0o770)
        self.own_key(self.instance.tls.key)
        self.instance.configure(
            proxy={"upstream-ca": self.instance.tls.ca})
        self.servers = self.start()
        self.mailbox = self.create()
        self.use()
        self.whole = snapshot(store, self.ledger)

    @staticmethod
    def own_key(key: Path) -> None:
        """As certificate-hook leaves it."""
        os.chown(key, 0, HANDLER)
        key.chmod(0o640)

    @staticmethod
    def enable(*names: str) -> None:
        """These timers, as `systemctl enable` leaves them."""
        wants = Path("/etc/systemd/system/timers.target.wants")
        wants.mkdir(exist_ok=True)
        for name in names:
            (wants / f"restante-{name}.timer").symlink_to("/dev/null")

    def start(self) -> Server:
        """Both services; restante.conf says where they are."""
        servers = Xinetd(self.instance, SERVICES)
        self.instance.configure(ports=[
            f"{name}=127.0.0.1:{port}"
            for (name, _), port in zip(SERVICES, servers.ports)])
        return servers

    def create(self) -> Mailbox:
        """A mailbox made by root."""
        text = self.instance.restante("mailbox", "create", "m",
                                      "--porcelain").stdout \
            if not self.instance.place.as_user else self.run(
                "mailbox", "create", "m", "--porcelain")
        said = dict(line.split(": ", 1) for line in text.splitlines())
        return Mailbox(said["id"], said["address"], said["password"])

    def use(self) -> None:
        """One message collected, one that waits, and a ledger of it."""
        for _ in range(2):
            smtp = self.instance.smtp(self.servers.ports[0])
            smtp.deliver(self.mailbox.address, MESSAGE).want(250)
            smtp.quit()
        pop3 = self.instance.pop3(self.servers.ports[1], self.mailbox)
        pop3.dele(1)
        pop3.quit()
        self.servers.idle()
        subprocess.run(
            [self.place.handler("ledger"), "-c", str(self.instance.conf),
             "--once"], check=True, user=LEDGER, group=HANDLER,
            extra_groups=[], cwd="/", env={"PATH": SYSTEM_PATH})

    def run(self, *args: str, want: int | None = 0, uid: int = 0) -> str:
        """Run the command as somebody; what it printed."""
        who = {"user": uid, "group": HANDLER, "extra_groups": []} \
            if uid else {}
        done = subprocess.run(
            [self.place.prefix / "bin/restante",
             *(["-c", self.conf] if self.conf else []), *args],
            text=True, capture_output=True, check=False, timeout=300,
            cwd="/", env={"PATH": SYSTEM_PATH}, **who)
        check(want is None or done.returncode == want,
              f"{args}: {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def is_well(self) -> None:
        """Nothing to say, of no row."""
        said = self.run("doctor")
        check(re.fullmatch(r"(  \w+: good\n)+all is well\n", said), said)

    def says(self, row: str, *words: str) -> None:
        """A person is needed, for a fault of that row with these words."""
        said = json.loads(self.run("doctor", "--json", want=1))
        check(said["needs-a-person"], str(said))
        faults = [f"{found['on']} {found['what']} | {found['to-do']}"
                  for found in said["findings"]
                  if found["row"] == row and found["weight"] == "fault"]
        check(any(all(word in fault for word in words) for fault in faults),
              f"{words} of {row} in {said['findings']}")

    def fixes(self, row: str = "rights") -> None:
        """--fix brings back what was there, and then all is well."""
        said = json.loads(self.run("doctor", "--fix", "--json"))
        check(any(found["row"] == row and found["weight"] == "mended"
                  for found in said["findings"]), str(said))
        now = snapshot(self.instance.store, self.ledger)
        equal({path: what for path, what in now.items()
               if what != self.whole[path]}, {}, "not as it was")
        self.is_well()

    # --- rows --------------------------------------------------------------

    def rights_of_all(self) -> None:
        """chmod -R, and restored by root under umask 077."""
        store = self.instance.store

        def change(mode: str, root: Path) -> None:
            subprocess.run(["chmod", "-R", mode, root], check=True)
        for break_it, word in (
                (lambda: change("700", store), "0700"),
                (lambda: change("777", store), "777"),
                (lambda: change("g-s", store), "0750"),
                (lambda: subprocess.run(["chown", "-R", "0:0", store],
                                        check=True), "root:root"),
                (lambda: (change("go=", store),
                          subprocess.run(["chown", "-R", "0:0", store],
                                         check=True)), "root:root")):
            break_it()
            self.says("rights", str(store), word, "restante doctor --fix")
            self.fixes()
        change("go=", self.ledger)
        self.says("rights", str(self.ledger), "evidence cannot be shown",
                  "restante-ledger:restante")
        self.fixes()

    def rights_of_one(self) -> None:
        """Each file of a mailbox by itself; both owners of mail are right."""
        folder = self.instance.folder(self.mailbox)
        kept = folder / "cur" / self.instance.kept(self.mailbox)[0]
        for path in (kept, *sorted(folder.iterdir())):
            path.chmod(0o400)
            self.says("rights", str(path), "0400")
            self.fixes()
        os.chown(kept, ADMIN, HANDLER)
        self.is_well()
        os.chown(kept, HANDLER, HANDLER)

    def names_of_others(self) -> None:
        """What handlers may put there is looked at, and never followed."""
        cur = self.instance.folder(self.mailbox) / "cur"
        victim = self.place.root / "victim"
        victim.write_text("x")
        victim.chmod(0o600)
        before = snapshot(victim)
        link = cur / "link"
        link.symlink_to(victim)
        self.says("rights", str(link), "no regular file", "taken over")
        self.run("doctor", "--fix", want=1)
        link.unlink()
        os.link(victim, link)
        self.says("rights", str(link), "0600")
        self.run("doctor", "--fix", want=1)
        equal(snapshot(victim), before, "another's file")
        link.unlink()
        self.is_well()

    def users(self) -> None:
        """One that the host does not know."""
        passwd = Path("/etc/passwd")
        text = passwd.read_text("utf-8")
        passwd.write_text(re.sub("restante-ledger:.*\n", "", text))
        self.says("users", "restante-ledger", "no such user",
                  "systemd-sysusers")
        passwd.write_text(text.replace(
            f"restante-ledger:x:{LEDGER}:{HANDLER}:",
            f"restante-ledger:x:{LEDGER}:{LEDGER}:"))
        self.says("users", "restante-ledger", "no member of group restante")
        passwd.write_text(text)
        self.is_well()

    def units_of_the_host(self) -> None:
        """A timer that is off, a service that may not write the store."""
        folder = Path("/etc/systemd/system")
        timer = folder / "timers.target.wants/restante-sweep.timer"
        timer.unlink()
        self.says("units", "restante-sweep.timer",
                  "systemctl enable --now restante-sweep.timer")
        for name in TIMERS:
            Path(f"/etc/cron.d/restante-{name}").write_text("")
        self.says("units", "restante-sweep.timer")  # cron is silent here
        self.booted.rmdir()
        self.is_well()
        self.booted.mkdir()
        self.enable("sweep")
        wants = folder / "sockets.target.wants"
        wants.mkdir()
        (wants / "restante-smtp-journal.socket").symlink_to("/dev/null")
        unit = folder / "restante-smtp-journal.service"
        template = folder / "restante-smtp-journal@.service"
        template.write_text("[Service]\nProtectSystem=strict\n")  # unused
        strict = "[Service]\nProtectSystem=strict\nReadWritePaths="
        for paths, good in (("-/var/lib/restante", False),
                            (f"{self.instance.store}-2 /run", False),
                            (f"-{self.instance.root.parent}/ /run", True)):
            unit.write_text(f"{strict}{paths}\n")
            if good:
                self.is_well()
            else:
                self.says("units", unit.name, str(self.instance.store),
                          "ReadWritePaths")
        drop_in = folder / f"{unit.name}.d"
        drop_in.mkdir()
        (drop_in / "a.conf").write_text("[Service]\nReadWritePaths=\n")
        self.says("units", unit.name, str(self.instance.store))
        (drop_in / "a.conf").write_text("[Service]\nProtectSystem=full\n")
        self.is_well()
        socket = folder / "restante-smtp-journal.socket"
        socket.write_text("[Socket]\nAccept=yes\n")
        self.says("units", template.name, str(self.instance.store))
        for path in (drop_in / "a.conf", unit, template, socket,
                     wants / "restante-smtp-journal.socket"):
            path.unlink()
        self.is_well()

    def configuration(self) -> None:
        """What root can read and sessions cannot."""
        self.instance.conf.chmod(0o600)
        self.says("configuration", str(self.instance.conf),
                  "Permission denied", "chmod 644")
        self.instance.conf.chmod(0o644)
        self.is_well()

    def configuration_of_the_system(self) -> None:
        """Where restante.conf is by default, it and what lies beside it."""
        said = self.run("--help")
        default = Path(re.search(r"default: (\S+)\)", said)[1])
        default.parent.mkdir(parents=True, exist_ok=True)
        folder = self.place.folder("etc")
        os.chown(folder, 0, 0)
        mount("--bind", folder, default.parent)
        (folder / "tls").mkdir()
        os.chown(folder / "tls", 0, HANDLER)
        for path in (self.instance.tls.certificate, self.instance.tls.key):
            shutil.copy(path, folder / "tls")
            self.own_key(folder / "tls" / path.name)
        self.instance.configure(tls={
            "certificate": default.parent / "tls/certificate.pem",
            "key": default.parent / "tls/key.pem"})
        shutil.copy(self.instance.conf, default)
        for path, mode in ((folder, 0o755), (folder / "tls", 0o750)):
            path.chmod(mode)
        self.conf = None
        self.is_well()
        for name in ("", "restante.conf", "tls", "tls/key.pem"):
            path = folder / name
            before = snapshot(path)
            path.chmod(0o700 if path.is_dir() else 0o600)
            self.says("rights", str(default.parent / name), "00, and should")
            self.fixes()
            equal(snapshot(path), before, "not as it was")
        (folder / "tls/certificate.pem").chmod(0o444)  # as others have it
        self.is_well()
        subprocess.run(["umount", default.parent], check=True)
        self.conf = self.instance.conf
        self.instance.configure(tls={
            "certificate": self.instance.tls.certificate,
            "key": self.instance.tls.key})
        self.is_well()

    def certificates(self) -> None:
        """Keys and certificates that do not go together, or not for us."""
        tls = self.instance.tls
        other = make_certificate(self.place.folder("other"),
                                 ["DNS:other.test"])
        good = {"certificate": tls.certificate, "key": tls.key}

        def with_tls(*words: str, **changes: object) -> None:
            self.instance.configure(tls=good | changes)
            self.says("certificates", *words)
            self.instance.configure(tls=good)
        self.own_key(other.key)
        with_tls(str(tls.certificate), "cannot be used by sessions",
                 key=other.key)
        with_tls(str(tls.certificate), "cannot be used by sessions",
                 key=tls.key.parent / "gone.pem")
        with_tls(NAME, "no certificate is for this name",
                 certificate=other.certificate, key=other.key)
        tls.key.chmod(0o600)
        self.says("certificates", str(tls.certificate), "Permission denied")
        tls.key.chmod(0o644)
        self.says("certificates", str(tls.key), "every user of this host")
        tls.key.chmod(0o640)
        self.is_well()

    def terms(self) -> None:
        """One that ended, one that ends soon, and the short-lived."""
        tls = self.instance.tls
        folder, days = self.place.folder("terms"), 86400

        def lives(before: int, after: int, word: str | None) -> None:
            now = time.time()
            made = sign_itself(folder, tls.key, now - before, now + after)
            self.instance.configure(tls={"certificate": made, "key": tls.key})
            if word:
                self.says("certificates", str(made), word)
            else:
                said = self.run("doctor", want=None)
                check("  certificates: good\n" in said, said)
        lives(90 * days, -10, "ended at")
        lives(70 * days, 20 * days, "should have been renewed")
        lives(60 * days, 30 * days, None)
        lives(30 * days, 16 * days, None)
        lives(40 * days, 7 * days, "should have been renewed")
        self.instance.configure(tls={"certificate": tls.certificate,
                                     "key": tls.key})
        self.is_well()

    def store(self) -> None:
        """Keys that are gone, and a disk that nobody can write."""
        identity = self.instance.folder(self.mailbox) / "identity.age"
        aside = self.place.root / "identity.age"
        identity.rename(aside)
        self.says("store", str(identity), "No such file", "backup")
        identity.write_text("")
        os.chown(identity, ADMIN, HANDLER)
        identity.chmod(0o640)
        self.says("store", str(identity), "is empty", "backup")
        aside.rename(identity)
        self.is_well()
        store = self.instance.store
        mount("--bind", store, store)
        mount("-o", "remount,ro,bind", store)
        self.says("store", "Read-only file system", "mounted for writing")
        subprocess.run(["umount", store], check=True)
        self.is_well()

    def ports(self) -> None:
        """Nobody there, somebody else, two for one, and nobody at all."""
        ports = self.instance.settings["ports"]
        self.servers.stop()
        for name, _ in SERVICES:
            self.says("ports", name, "nobody answers",
                      f"restante-{name}.socket")
        with socketserver.TCPServer(("127.0.0.1", 0), Grumbler) as other:
            threading.Thread(target=other.serve_forever, daemon=True).start()
            port = other.server_address[1]
            self.instance.configure(ports=[f"smtp-journal=127.0.0.1:{port}"])
            self.says("ports", f"port {port}", "554 not here")
            other.shutdown()
        self.instance.configure(ports=["smtp-journal=25", "pop3-serve=25"])
        self.says("ports", "pop3-serve", "port 25, and so is smtp-journal")
        self.instance.configure(ports=None)
        self.says("ports", "no service has a port", "restante setup")
        self.instance.configure(ports=ports)
        self.servers = self.start()
        self.is_well()

    def strangers_certificate(self) -> None:
        """Good to know, and no fault: not everybody checks."""
        self.instance.configure(proxy={"upstream-ca": ""})
        said = json.loads(self.run("doctor", "--json"))
        equal({(found["row"], found["weight"])
               for found in said["findings"]}, {("ports", "remark")}, "found")
        self.instance.configure(
            proxy={"upstream-ca": self.instance.tls.ca})

    def mail(self) -> None:
        """What status knows of mailboxes the doctor knows, too."""
        self.run("mailbox", "set", self.mailbox.id, "quota=400")
        self.says("mail", self.mailbox.id, "quota")
        self.run("mailbox", "set", self.mailbox.id, "quota=0")
        self.is_well()

    def others_than_root(self) -> None:
        """They see what they can, and change no owner."""
        said = self.run("doctor", uid=ADMIN, want=None)
        check("run it as root" in said, said)
        check("! rights" not in said and "- rights" in said, said)
        self.run("doctor", "--fix", uid=ADMIN, want=77)


class Grumbler(socketserver.BaseRequestHandler):
    """A server of somebody else at our port."""

    def handle(self) -> None:
        """Says no."""
        self.request.sendall(b"554 not here\r\n")


ROWS = ("rights_of_all", "rights_of_one", "names_of_others", "users",
        "units_of_the_host", "configuration",
        "configuration_of_the_system", "certificates", "terms",
        "store", "ports", "strangers_certificate", "mail",
        "others_than_root")


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """All cases."""
    if os.geteuid() != 0:
        def skipped() -> None:
            raise Skip("needs root, to be several users")
        for name in ROWS:
            yield f"doctor-{name.replace('_', '-')}", skipped
        return
    host: list[Host] = []

    def begin() -> None:
        host.append(Host(place))
        host[0].is_well()
    yield "doctor-says-that-all-is-well", begin
    for name in ROWS:
        act: Callable[[], object] = \
            lambda name=name: getattr(host[0], name)()
        yield f"doctor-{name.replace('_', '-')}", act
    if host:
        host[0].servers.stop()


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_mounts=True))
