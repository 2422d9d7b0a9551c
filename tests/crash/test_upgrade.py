#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""From format 1 to format 2, in place.

The store is a real one: format-1.tar.xz, made by the programs of that time
(tests/support/make_format_1). With FORMAT_1_PREFIX=DIR, an installation of them
(tests/support/build_format_1), their sessions are at work meanwhile, too.
"""

import dataclasses
import hashlib
import json
import os
import shutil
import signal
import struct
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.certs import Certificate
from harness.deadline import until
from harness.instance import Instance, Mailbox
from harness.place import Place
from harness.pop3 import Refused
from harness.report import Failure, Report, check, equal
from harness.script import Case, run_script
from harness.servers import Spawner, Xinetd
from harness.smtp import Smtp
from harness.tools import SYSTEM_PATH
from harness.wire import Wire

FIXTURE = Path(__file__).resolve().parent / "format-1.tar.xz"
SERVICES = [("smtp-journal", "--tls=starttls"),
            ("pop3-serve", "--tls=starttls")]
MARK_AT = 128
LOAD_MESSAGES = 100


def fnv1a(octets: bytes) -> int:
    """The checksum of records in `lock`."""
    value = 0xCBF29CE484222325
    for octet in octets:
        value = (value ^ octet) * 0x100000001B3 % (1 << 64)
    return value


def digest(content: bytes) -> str:
    """Of a message as it was sent, without what receiving adds."""
    return hashlib.sha256(content[content.index(b"Subject: "):]).hexdigest()


class Old:
    """A store of format 1, unpacked, and what is known of it."""

    def __init__(self, place: Place, name: str,
                 tls: Certificate | None) -> None:
        place_of_store = place.folder(f"{name}-store")
        subprocess.run(["tar", "-xJf", FIXTURE, "-C", place_of_store,
                        "--no-same-owner"], check=True)
        self.store = place_of_store / "store"
        subprocess.run(["chown", "-R", f"{place.uid}:{place.gid}",
                        place_of_store], check=True)
        what = json.loads((place_of_store / "what.json").read_text())
        self.what: dict[str, dict] = what
        self.instance = Instance(place, name, self.store, tls)
        self.mark_used()

    def folder(self, name: str) -> Path:
        """The directory of a mailbox."""
        return self.store / "mailboxes" / self.what[name]["id"]

    def mark_used(self) -> None:
        """Format 1 knew a used password by device, inode and change time of
        its file, which are others now that it was unpacked."""
        st = (self.folder("used") / "identity.age.next").stat()
        record = struct.pack("<4sIQQQQ", b"RSTP", 0, st.st_dev, st.st_ino,
                             *divmod(st.st_ctime_ns, 10**9))
        with open(self.folder("used") / "lock", "r+b") as lock:
            lock.seek(MARK_AT)
            check(lock.read(4) == b"RSTP", "the archive has a mark")
            lock.seek(MARK_AT)
            lock.write(record + struct.pack("<Q", fnv1a(record)))

    def mailbox(self, name: str, password: str = "password") -> Mailbox:
        """One of them."""
        ident = self.what[name]["id"]
        return Mailbox(ident, f"{ident}@archive.test",
                       self.what[name].get(password, ""))

    def upgrade(self, *args: str, want: int | None = 0, env: dict | None = None
                ) -> subprocess.CompletedProcess:
        """The command, as root where the test is root, as it should be."""
        command = [str(self.instance.place.prefix / "bin/restante"), "-c",
                   str(self.instance.conf), "store", "upgrade", *args]
        done = subprocess.run(command, text=True, capture_output=True,
                              timeout=120, check=False,
                              env={"PATH": SYSTEM_PATH, **(env or {})})
        check(want is None or done.returncode == want,
              f"upgrade: {done.returncode} {done.stderr}")
        return done


# --- what must hold behind it -------------------------------------------------

def opens(pop_port: int, old: Old, name: str, password: str) -> bool:
    """Does this password let a collector in?"""
    try:
        old.instance.pop3(pop_port, old.mailbox(name, password)).quit()
    except Refused as why:
        check("[AUTH]" in str(why), f"{name}: {why}")
        return False
    return True


def collected(pop_port: int, old: Old, name: str, delete: bool = False
              ) -> list[str]:
    """What a collector gets, as digests, in order."""
    return sorted(digest(content) for content in old.instance.collect(
        pop_port, old.mailbox(name), delete))


def check_passwords(old: Old, port: int) -> None:
    """They are as they were."""
    check(not opens(port, old, "used", "old"), "the retired one opens")
    check(opens(port, old, "used", "password"), "the used one does not")
    check(not (old.folder("used") / "identity.age.next").exists(),
          "the used one is still pending")
    check(opens(port, old, "unused", "old"), "the one in force does not")
    check((old.folder("unused") / "identity.age.next").exists(),
          "the unused one is gone")
    check(opens(port, old, "unused", "password"), "the new one does not")
    check(not opens(port, old, "unused", "old"), "the retired one opens")
    key = old.instance.root / "recovery.key"
    key.write_text(old.what["recovery"]["key"])
    old.instance.place.give(key)
    new = old.instance.restante("mailbox", "passwd", "--recovery-identity",
                                str(key), old.what["recovery"]["id"])
    old.what["recovery"]["password"] = new.stdout.strip().split()[1]
    check(opens(port, old, "recovery", "password"), "by the recovery key")


def check_whole(old: Old, messages: bool = True) -> None:
    """Every mailbox is there, with its mail, and works."""
    with Xinetd(old.instance, SERVICES) as servers:
        smtp_port, pop_port = servers.ports
        check_passwords(old, pop_port)
        for name, what in old.what.items():
            folder = old.folder(name)
            check(not (folder / "index").exists(), f"{name}: index/ is there")
            for part in ("gone", "spool", "uids"):
                check((folder / part).exists(), f"{name}: no {part}")
            equal(folder.stat().st_uid, (folder / "uids").stat().st_uid,
                  f"{name}: the owner of what was made")
            if messages:
                equal(collected(pop_port, old, name), sorted(what["messages"]),
                      f"{name}: its messages")
        lost = [path for path in (old.folder("reset") / "lost").glob("*/*")
                if "W=" in path.name]
        equal(len(lost), old.what["reset"]["lost"], "messages in lost/")
        smtp = old.instance.smtp(smtp_port)
        smtp.envelope(old.mailbox("suspended").address).want(450)
        smtp.command("RSET").want(250)
        smtp.deliver(old.mailbox("empty").address,
                     b"Subject: new\r\n\r\nnew\r\n").want(250)
        smtp.quit()
        equal(len(collected(pop_port, old, "empty", delete=True)), 1,
              "what came behind it")
        servers.idle()
    old.instance.restante("sweep")
    equal(old.instance.kept(old.mailbox("empty")), [], "what was collected")


# --- cases --------------------------------------------------------------------

class Upgrades:
    """The cases; each unpacks a store of its own."""

    def __init__(self, place: Place, report: Report) -> None:
        self.place = place
        self.report = report
        self.n = 0
        self._steps: list[str] = []
        self._tls: Certificate | None = None  # of all of them

    def steps(self) -> list[str]:
        """The steps of an upgrade, from one that is not killed."""
        if not self._steps:
            old = self.old()
            log = old.instance.logs / "faults"
            old.upgrade(env={"RESTANTE_FAULT_LOG": str(log)})
            self._steps = log.read_text().split()
            self.drop(old)
        return self._steps

    def kill_at(self, old: Old, step: int) -> None:
        """Step is one of 1, 2, 3 ..."""
        equal(old.upgrade(want=None,
                          env={"RESTANTE_FAULT_POINT": str(step)}).returncode,
              -signal.SIGKILL, "it is killed there")

    def old(self) -> Old:
        """A fresh one."""
        self.n += 1
        old = Old(self.place, f"one-{self.n}", self._tls)
        self._tls = old.instance.tls
        return old

    def drop(self, old: Old) -> None:
        """It has been looked at."""
        shutil.rmtree(old.store.parent)

    def once(self) -> None:
        """Nothing is lost, and what goes is said."""
        old = self.old()
        said = old.upgrade().stdout
        check(f"mailboxes: {len(old.what)}, upgraded now: {len(old.what)}\n"
              in said, said)
        check("Activity begins anew" in said, said)
        check(f"passwd {old.what['unused']['id']} --confirm" in said, said)
        check(old.what["used"]["id"] not in said, said)
        equal(old.instance.restante("activity").stdout, "", "activity")
        check("upgraded now: 0\n" in old.upgrade().stdout, "a second time")
        check_whole(old)

    def killed(self) -> None:
        """At every step, or the first and last of each kind; then again."""
        names = self.steps()
        last = {name: step for step, name in enumerate(names, 1)}
        for step, name in enumerate(names, 1):
            first = names.index(name) == step - 1
            if not (first or last[name] == step or "UPGRADE_ALL" in os.environ):
                continue
            old = self.old()
            try:
                self.kill_at(old, step)
                old.upgrade()
                # Every kind of step in full; what repeats, its passwords.
                check_whole(old, messages=first)
            except Exception as why:
                raise type(why)(f"killed at {step}, {name}: {why}") from why
            self.drop(old)
        self.report.figure("upgrade-steps", len(names))

    def between(self) -> None:
        """Format 2 is written and a mailbox not yet converted: mail is taken,
        collectors are told to wait, no key is changed."""
        old = self.old()
        self.kill_at(old, self.steps().index("upgrade.settled") + 1)
        name = next(name for name in ("plain", "unused", "recovery")
                    if not (old.folder(name) / "gone").exists())
        mailbox = old.mailbox(name)
        with Xinetd(old.instance, SERVICES) as servers:
            smtp = old.instance.smtp(servers.ports[0])
            content = b"Subject: between\r\n\r\nx\r\n"
            smtp.deliver(mailbox.address, content).want(250)
            smtp.quit()
            old.what[name]["messages"].append(digest(content))
            try:
                old.instance.pop3(servers.ports[1], mailbox)
                raise Failure("a collector was let in")
            except Refused as why:
                check("[SYS/TEMP]" in str(why), str(why))
            for command in ("passwd", "rekey"):
                old.instance.restante("mailbox", command, mailbox.id, want=75,
                                      text=mailbox.password + "\n")
            old.instance.restante("settle")
            check(not (old.folder(name) / "gone").exists(),
                  "settle did what is the upgrade's")
            servers.idle()
        old.upgrade()
        check_whole(old)

    def went_on(self) -> None:
        """Killed behind a mailbox's conversion, which is in use then."""
        old = self.old()
        self.kill_at(old, self.steps().index("upgrade.made") + 1)
        name = next(name for name in old.what
                    if (old.folder(name) / "gone").exists())
        mailbox = old.mailbox(name)
        done = old.instance.restante("mailbox", "passwd", mailbox.id,
                                     text=mailbox.password + "\n")
        old.what[name] |= {"retired": mailbox.password,
                           "password": done.stdout.strip().split()[1]}
        with Xinetd(old.instance, SERVICES) as servers:
            check(opens(servers.ports[1], old, name, "password"), "the new")
            servers.idle()
            old.upgrade()
            check(not opens(servers.ports[1], old, name, "retired"),
                  "the retired password opens")
            check(opens(servers.ports[1], old, name, "password"), "the new")
        check_whole(old)

    def only_ours(self) -> None:
        """--now ends the sessions of this store, and those of no other."""
        for who in ("root", "user") if self.place.as_user else ("user",):
            self.only_ours_as(who)

    def only_ours_as(self, who: str) -> None:
        """As root it is seen what processes hold; else by their arguments."""
        old, other = self.old(), self.old()
        for one in (old, other):
            one.upgrade()
        ours = Spawner(old.instance, *SERVICES[0])
        theirs = Spawner(other.instance, *SERVICES[0])
        (mine, mine_process), (yours, yours_process) = ours.open(), theirs.open()
        Wire(mine).line()  # it has opened its store
        smtp = Smtp(Wire(yours))
        if who == "root":
            old.upgrade("--now")
        else:
            old.instance.restante("store", "upgrade", "--now")
        until(lambda: mine_process.poll() is not None, 300, "ours is ended")
        smtp.command("NOOP").want(250)
        smtp.quit()
        yours_process.wait(300)
        for end in (mine, ours, theirs):
            end.close()

    # --- with the programs of format 1 at work ---------------------------------

    def with_old(self, old: Old) -> Instance:
        """The same store, served by the programs of format 1."""
        prefix = Path(os.environ["FORMAT_1_PREFIX"]).resolve()
        before = object.__new__(Instance)
        before.__dict__ |= old.instance.__dict__
        before.place = dataclasses.replace(self.place, prefix=prefix)
        return before

    def refuse(self) -> None:
        """The old programs say 4xx, and [SYS/TEMP], to format 2."""
        old = self.old()
        before = self.with_old(old)
        old.upgrade()
        mailbox = old.mailbox("plain")
        with Xinetd(before, SERVICES) as servers:
            reply = before.smtp(servers.ports[0]).envelope(mailbox.address)
            check(reply.code // 100 == 4, f"SMTP: {reply}")
            try:
                before.pop3(servers.ports[1], mailbox)
                raise Failure("POP3: let in")
            except Refused as why:
                check("[SYS/" in str(why), f"POP3: {why}")
        done = before.restante("mailbox", "list", want=None)
        check(done.returncode not in (0, 67), f"list: {done}")
        check_whole(old)

    def under_load(self, now: bool) -> None:
        """Sessions of the old version that are open as the upgrade begins:
        every 250 is kept, what was deleted with +OK stays away."""
        old = self.old()
        before = self.with_old(old)
        kept: list[str] = []
        gone: list[str] = []
        mailbox = old.mailbox("plain")
        with Xinetd(before, SERVICES) as servers:
            port = servers.ports[0]
            senders = [before.smtp(port) for _ in range(3)]
            collector = before.pop3(servers.ports[1], mailbox)
            first = collector.list()
            for number in first:
                gone.append(digest(collector.retr(number)))
                collector.dele(number)
            answered = self.send(senders, mailbox, kept)
            until(lambda: len(kept) >= len(senders), 300, "mail comes")
            upgrade = subprocess.Popen(
                [str(self.place.prefix / "bin/restante"), "-c",
                 str(old.instance.conf), "store", "upgrade",
                 *(["--now"] if now else [])], text=True,
                stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            format_file = old.store / "format"
            until(lambda: "2" in format_file.read_text(), 300, "format 2")
            try:
                collector.quit()
                quit_said = True
            except (Failure, OSError):
                quit_said = False
            for thread in answered:
                thread.join()
            said, errors = upgrade.communicate(timeout=120)
            equal(upgrade.returncode, 0, f"upgrade: {said} {errors}")
        self.judge(old, kept, gone, quit_said, now)

    def send(self, senders: list[Smtp], mailbox: Mailbox, kept: list[str]
             ) -> list[threading.Thread]:
        """Each sends until it is cut off or has sent enough."""
        def run(smtp: Smtp, n: int) -> None:
            try:
                for i in range(LOAD_MESSAGES):
                    content = b"Subject: load\r\n\r\n%d %d\r\n" % (n, i)
                    if smtp.deliver(mailbox.address, content).code == 250:
                        kept.append(digest(content))
                smtp.quit()
            except (Failure, OSError):
                pass  # --now ends it
        threads = [threading.Thread(target=run, args=(smtp, n))
                   for n, smtp in enumerate(senders)]
        for thread in threads:
            thread.start()
        return threads

    def judge(self, old: Old, kept: list[str], gone: list[str],
              quit_said: bool, now: bool) -> None:
        """All that was answered 250 and not deleted, once."""
        with Xinetd(old.instance, SERVICES) as servers:
            found = collected(servers.ports[1], old, "plain")
        check(now or quit_said, "the old collector's QUIT had no answer")
        for one in kept:
            equal(found.count(one), 1, "a message that was answered 250")
        if quit_said:
            equal([one for one in gone if one in found], [],
                  "deleted with +OK, and there again")
        strangers = set(found) - set(kept) - set(gone)
        check(now or not strangers, f"messages of nobody: {strangers}")
        equal(len(found), len(set(found)), "none twice")
        self.report.figure(f"upgrade-load-{'now' if now else 'wait'}-kept",
                           len(kept))
        old.what["plain"]["messages"] = found
        check_whole(old)


def cases(place: Place, report: Report, _args: object) -> Iterator[Case]:
    """With the archive; with the programs of before where there are some."""
    upgrades = Upgrades(place, report)
    names: list[tuple[str, Callable[[], None]]] = [
        ("once", upgrades.once), ("between", upgrades.between),
        ("went-on", upgrades.went_on), ("only-ours", upgrades.only_ours),
        ("killed", upgrades.killed)]
    if "FORMAT_1_PREFIX" in os.environ:
        names += [("refuse", upgrades.refuse),
                  ("load-wait", lambda: upgrades.under_load(False)),
                  ("load-now", lambda: upgrades.under_load(True))]
    for name, case in names:
        yield f"upgrade-{name}", case


if __name__ == "__main__":
    if "RESTANTE_FAULT_PREFIX" in os.environ:
        os.environ["RESTANTE_PREFIX"] = os.environ["RESTANTE_FAULT_PREFIX"]
    # `--now` ends who may have its store open as well: another script's handler
    # whose store lies where only that script sees it.
    sys.exit(run_script(sys.modules[__name__], cases, private_pids=True))
