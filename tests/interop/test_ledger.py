#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The ledger: mail goes in and out, is entered and signed, and a stranger's
verifier says what of it is proved. The sequencer is killed at every point, and
somebody who has the spools writes into them.
"""

import dataclasses
import hashlib
import json
import os
import re
import shutil
import signal
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import stranger
from harness.instance import Mailbox
from harness.ledger import FOUND, World, in_one_world
from harness.place import Place
from harness.report import Report, check, equal
from harness.script import Case, run_script

TREE = Path(__file__).resolve().parents[2]
NO_ULID = "0" * 26
POINTS = 24  # more than a run has


class Told(World):
    """The same, as a stranger sees it."""

    def account(self, mailbox: Mailbox) -> stranger.Account:
        """What a stranger finds in the ledger of a mailbox."""
        return stranger.verify(self.ledger.of(mailbox))


def everything_is_entered(w: Told) -> None:
    """What came and what was collected, with the digests of the 250."""
    mailbox = w.instance.create_mailbox("round trip")
    said = w.deliver(mailbox, 5)
    files = {name[:26]: hashlib.sha256(
        (w.instance.folder(mailbox) / "cur" / name).read_bytes()).hexdigest()
        for name in w.instance.kept(mailbox)}
    equal(said, files, "what the 250 said of the files")
    w.collect(mailbox, 3)
    w.ledger.run()
    account = w.account(mailbox)
    equal(account.kept, said, "what was kept")
    equal(len(account.collected), 3, "collected")
    for ulid, digest in account.collected.items():
        equal(digest, said[ulid], "the digest of what was collected")
    equal(set(account.gone), set(account.collected), "gone")
    equal(account.unproved, 0, "sessions without a proof")
    equal(account.passed_over, 0, "lines passed over")
    equal(account.signed, sum(account.kinds.values()), "signed entries")


def the_vectors_are_true(w: Told) -> None:
    """Those of tests/vectors/ledger, which have every kind of entry that the page
    tells of: for us and for a stranger; and none is, once an octet is another.
    """
    place, copy = w.ledger.path, w.instance.root / "vectors"
    shutil.copytree(TREE / "tests/vectors/ledger", copy)
    for path in [copy, *copy.rglob("*")]:
        w.place.give(path)
    w.instance.configure(ledger={"path": copy})
    ledger = next(copy.glob("mbx-*"))
    account = stranger.verify(ledger, copy / "host")
    host = stranger.verify(copy / "host")
    equal(set(account.kinds) | set(host.kinds), kinds_of_the_page(), "kinds")
    equal([len(of) for of in (account.kept, account.collected, account.gone,
                              account.missing, account.differs)],
          [5, 2, 4, 1, 1], "what a stranger reads")
    equal((account.unproved, account.behind[0]), (0, "adopt"), "and behind it")
    said = json.loads(w.instance.restante("ledger", "verify", "--json").stdout)
    equal([(one["holds"], one.get("not-theirs", 0),
            one.get("unproved-sessions", 0)) for one in said],
          [(True, 0, 0)] * len(said), "what we read")
    one = next(one for one in said if one["ledger"] == ledger.name)
    equal([one[name] for name in ("former", "signed", "missing-before",
                                  "differs-before")],
          [1, account.signed, 1, 1], f"of {one}")
    for path in sorted(copy.rglob("entries")):
        whole = path.read_bytes()
        path.write_bytes(whole.replace(b"time=2026", b"time=2027", 1))
        w.instance.restante("ledger", "verify", want=1)
        try:
            stranger.verify(copy / "host")
            stranger.verify(ledger, copy / "host")
        except stranger.Untrue:
            path.write_bytes(whole)
            continue
        check(False, f"{path} was changed, and a stranger takes it for true")
    w.instance.configure(ledger={"path": place})


def kinds_of_the_page() -> set[str]:
    """Of the table of entries in docs/ledger.md."""
    table = (TREE / "docs/ledger.md").read_text().partition(
        "| entry | says |")[2].partition("\n\n")[0]
    cells = [row.split("|")[1] for row in table.splitlines()[2:]]
    return {kind for cell in cells
            for kind in re.findall("`([a-z]+)[ `]", cell)}


def nothing_new_writes_nothing(w: Told) -> None:
    """A run over what is at rest."""
    mailbox = w.instance.create_mailbox("at rest")
    w.deliver(mailbox, 1)
    w.ledger.run()
    before = {path: path.stat().st_mtime_ns
              for path in w.ledger.of(mailbox).iterdir()}
    w.ledger.run()
    w.instance.restante("sweep")
    w.ledger.run()
    for path, when in before.items():
        equal(path.stat().st_mtime_ns, when, f"{path.name} was written")


def it_is_signed_when_it_is_time(w: Told) -> None:
    """Not before five minutes; and each checkpoint extends the last."""
    mailbox = w.instance.create_mailbox("signed")
    w.deliver(mailbox, 1)
    w.ledger.run()
    first = w.account(mailbox)
    w.deliver(mailbox, 2)
    w.ledger.run()
    second = w.account(mailbox)
    equal(second.signed, first.signed, "signed too early")
    equal(len(second.kept), 3, "but entered")
    w.ledger.sign()
    third = w.account(mailbox)
    equal(third.signed, sum(third.kinds.values()), "signed later")
    entries = (w.ledger.of(mailbox) / "entries").read_bytes()
    entries = entries.split(b"\n")[:first.signed]
    check(len(entries) == first.signed, "the first ones are there still")
    host = stranger.verify(w.ledger.path / "host")
    check(host.kinds["checkpoint"] >= 2, "the host's ledger has both")


def what_a_handler_forges_is_nothing(w: Told) -> None:
    """Lines and batches of somebody who has the spool, but no password."""
    mailbox = w.instance.create_mailbox("forged")
    ulid = next(iter(w.deliver(mailbox, 1)))
    spool = next((w.instance.folder(mailbox) / "spool").iterdir())
    time = "time=2026-11-30T02:49:25Z"
    batch = f"collected ulid={ulid} sha256={'0' * 64} ended=yes {time}\n" \
        f"gone ulid={ulid} by=collector {time}\n"
    digest = hashlib.sha256(batch.encode()).hexdigest()
    forged = (
        f"gone ulid={ulid} by=collector {time}\n"
        f"gone ulid={ulid} by=expiry {time}\n"
        f"settings {time} by=administrator who=a how=b what=set\n"
        f"key {time} by=administrator who=a how=b what=passwd "
        f"session-key={'0' * 64}\n"
        f"taken spool=admin.1 from=0 to=1 lines=9 passed-over=0 {time}\n"
        f"deleted {time} by=found who=- how=- what=found\n"
        f"no line at all \x01\n"
        f"session id={NO_ULID} mailbox={mailbox.id} n=2 sha256={digest} "
        f"sig={'0' * 128}\n{batch}"
        f"session id={NO_ULID} mailbox=mbx-{'0' * 32} n=2 sha256={digest} "
        f"sig={'0' * 128}\n{batch}")
    with open(spool, "a", encoding="ascii") as file:
        file.write(forged)
    w.ledger.run()
    account = w.account(mailbox)
    equal(account.gone, {}, "gone")
    equal(account.collected, {}, "collected")
    equal(account.unproved, 1, "sessions that do not count")
    equal(account.passed_over, 10, "lines passed over")


def keys_are_followed(w: Told) -> None:
    """A session after a rekey, and one after a reset, in one run with them."""
    mailbox = w.instance.create_mailbox("rekeyed")
    w.deliver(mailbox, 4)
    w.ledger.run()
    w.collect(mailbox, 1)
    w.instance.restante("mailbox", "rekey", mailbox.id,
                        text=mailbox.password + "\n")
    w.collect(mailbox, 1)
    w.ledger.run()
    account = w.account(mailbox)
    equal((account.unproved, len(account.collected)), (0, 2), "after rekey")
    spool = max((w.instance.folder(mailbox) / "spool").iterdir())
    signed = spool.read_bytes()
    at = signed.rindex(b"session id=")
    w.instance.restante("mailbox", "suspend", mailbox.id)
    done = w.instance.restante("mailbox", "reset", mailbox.id,
                               text=mailbox.id + "\n")
    w.instance.restante("mailbox", "activate", mailbox.id)
    w.deliver(mailbox, 1)
    w.collect(dataclasses.replace(mailbox, password=done.stdout.split()[-1]), 1)
    w.ledger.run()
    account = w.account(mailbox)
    equal((account.unproved, len(account.collected)), (0, 3), "after reset")
    memory = (w.ledger.path / "memory" / mailbox.id).read_text()
    equal(memory.count("key session-key="), 1, "keys that may still sign")
    # What the old key has signed is nobody's word any more.
    with open(max(spool.parent.iterdir()), "ab") as file:
        file.write(signed[at:])
    w.ledger.run()
    account = w.account(mailbox)
    equal((account.unproved, len(account.collected)), (1, 3), "the old key's")


def a_deleted_mailbox_keeps_its_ledger(w: Told) -> None:
    """Its last entry says so; and no run after that writes to it."""
    mailbox = w.instance.create_mailbox("deleted")
    w.deliver(mailbox, 2)
    w.ledger.run()
    w.instance.restante("mailbox", "suspend", mailbox.id)
    w.instance.restante("mailbox", "delete", mailbox.id, "--yes")
    w.ledger.run()
    account = w.account(mailbox)
    equal(account.kinds["deleted"], 1, "entries")
    equal(account.signed, sum(account.kinds.values()), "signed")
    w.ledger.run()
    equal(w.account(mailbox).kinds, account.kinds, "entries of a dead one")


def a_mailbox_of_before_is_found(w: Told) -> None:
    """What lies there without a line and without a ticket."""
    mailbox = w.instance.create_mailbox("found")
    said = w.deliver(mailbox, 2)
    w.instance.restante("sweep")
    for path in (w.instance.folder(mailbox) / "spool").iterdir():
        path.unlink()
    w.ledger.run()
    account = w.account(mailbox)
    equal(account.kept, said, "what was found")
    text = (w.ledger.of(mailbox) / "entries").read_text()
    equal(text.count(" by=found "), 3, "of them, and of the key")


def of_before(w: Told, name: str) -> Mailbox:
    """A mailbox whose session key stands nowhere."""
    mailbox = w.instance.create_mailbox(name)
    folder = w.instance.folder(mailbox)
    for file, pattern in (("mailbox.conf", r"(?m)^session-key.*\n"),
                          ("admin.spool", r" session-key=[0-9a-f]{64}")):
        text = (folder / file).read_text()
        (folder / file).write_text(re.sub(pattern, "", text))
    return mailbox


def spools(w: Told, mailbox: Mailbox) -> bytes:
    """What stands in those of handlers."""
    return b"".join(path.read_bytes() for path in sorted(
        (w.instance.folder(mailbox) / "spool").iterdir()))


def a_mailbox_of_before_announces_its_key(w: Told) -> None:
    """Once, by its login; what anybody else says of it is nothing."""
    mailbox, other = of_before(w, "before"), of_before(w, "other")
    w.deliver(mailbox, 3)
    w.ledger.run()
    asked = w.ledger.path / "announce"
    equal({path.name for path in asked.iterdir()} & {mailbox.id, other.id},
          {mailbox.id, other.id}, "whose key is asked for")
    w.collect(mailbox, 1)
    line = re.search(rb"announced .*\n", spools(w, mailbox))
    check(line, "no announcement")
    # In a spool of another, or with another key, it is nobody's word.
    line, folder = line[0], w.instance.folder(other) / "spool"
    w.deliver(other, 1)
    key = re.search(rb"session-key=[0-9a-f]{64}", line)[0]
    for forged in (line, line.replace(mailbox.id.encode(), other.id.encode()),
                   line.replace(key, b"session-key=" + b"0" * 64)):
        with open(max(folder.iterdir()), "ab") as file:
            file.write(forged)
    w.ledger.run()
    account = w.account(mailbox)
    equal((account.unproved, len(account.collected), account.passed_over),
          (0, 1, 0), "what was collected is proved")
    entries = (w.ledger.of(mailbox) / "entries").read_bytes()
    check(re.search(rb"key .* by=found .* what=announced " + key, entries),
          "the key was not entered")
    w.ledger.sign()
    account = w.account(other)
    equal((account.passed_over, account.kinds.get("key", 0)), (3, 0), "forged")
    equal({path.name for path in asked.iterdir()} & {mailbox.id, other.id},
          {other.id}, "whose key is asked for then")
    # Said once is enough; said again by somebody it says nothing new.
    w.collect(mailbox, 1)
    equal(spools(w, mailbox).count(b"announced "), 1, "announcements")
    spool = max((w.instance.folder(mailbox) / "spool").iterdir())
    with open(spool, "ab") as file:
        file.write(line)
    w.ledger.run()
    equal(w.account(mailbox).kinds["key"], 1, "keys that were entered")
    # Behind a reset its key is another, and the old word is worth nothing.
    w.instance.restante("mailbox", "suspend", mailbox.id)
    w.instance.restante("mailbox", "reset", mailbox.id, text=mailbox.id + "\n")
    w.ledger.run()
    with open(spool, "ab") as file:
        file.write(line)
    w.ledger.run()
    w.ledger.sign()
    memory = (w.ledger.path / "memory" / mailbox.id).read_bytes()
    equal((memory.count(b"key session-key="), memory.count(key)), (1, 0),
          "keys that may sign")


def a_host_with_another_key_asks_anew(w: Told) -> None:
    """Restored without its key: what it asked for before, nobody can answer."""
    mailbox = of_before(w, "before, and another key")
    w.deliver(mailbox, 2)
    w.ledger.run()
    asked = w.ledger.path / "announce" / mailbox.id
    question = asked.read_bytes()
    place = w.ledger.path
    w.ledger.path = w.instance.root / "another host"
    shutil.copytree(place / "announce", w.ledger.path / "announce")
    for path in [w.ledger.path, *w.ledger.path.rglob("*")]:
        w.place.give(path)
    w.instance.configure(ledger={"path": w.ledger.path})
    w.ledger.run(want=None)
    asked = w.ledger.path / "announce" / mailbox.id
    check(asked.read_bytes() != question, "it asks for the key of before")
    w.collect(mailbox, 1)
    w.ledger.run(want=None)
    w.ledger.sign()
    account = w.account(mailbox)
    equal((account.unproved, len(account.collected)), (0, 1), "proved")
    w.ledger.path = place
    w.instance.configure(ledger={"path": place})


def what_was_cut_is_an_alarm(w: Told) -> None:
    """Entries, tiles, a spool, a memory: told of, and not touched."""
    mailbox = w.instance.create_mailbox("cut")
    w.deliver(mailbox, 3)
    w.ledger.run()
    for name in ("entries", "offsets", "tiles"):
        path = w.ledger.of(mailbox) / name
        whole = path.read_bytes()
        path.write_bytes(whole[:-1])
        check("is shorter than it was signed" in w.ledger.run(want=None),
              f"{name} was cut and nobody says so")
        equal(path.read_bytes(), whole[:-1], name)
        path.write_bytes(whole)
        w.ledger.run()
    spool = next((w.instance.folder(mailbox) / "spool").iterdir())
    whole = spool.read_bytes()
    spool.write_bytes(whole[:-20])
    check("is shorter than what was taken" in w.ledger.run(),
          "a spool was cut and nobody says so")
    spool.write_bytes(whole)
    memory = w.ledger.path / "memory" / mailbox.id
    kept = memory.read_bytes()
    memory.unlink()
    check("is gone" in w.ledger.run(want=None), "a memory was lost")
    memory.write_bytes(kept[:-5])
    check("is not whole" in w.ledger.run(want=None), "a memory was cut")
    memory.write_bytes(kept)
    w.ledger.run()
    equal(len(w.account(mailbox).kept), 3, "kept")


def what_nobody_remembers_is_left_alone(w: Told) -> None:
    """Memory, checkpoint and places are gone: who may know is asked first."""
    mailbox = w.instance.create_mailbox("forgotten")
    w.deliver(mailbox, 3)
    w.ledger.run()
    folder = w.ledger.path / mailbox.id
    host = w.ledger.path / "host"
    for ledger, acts in ((folder, ("--once", "--adopt")), (host, ("--once",))):
        lost = [w.ledger.path / "memory" / ledger.name, ledger / "checkpoint",
                ledger / "taken"]
        kept = {path: path.read_bytes() for path in lost if path.exists()}
        for path in kept:
            path.unlink()
        files = {path: path.read_bytes() for path in ledger.iterdir()
                 if path.is_file()}
        for act in acts:
            args = () if act == "--once" else (act, mailbox.id)
            said = w.ledger.run(*args, want=None)
            check("resume" in said, f"{act} of {ledger.name}: {said}")
            for path, before in files.items():
                check(path.read_bytes() == before,
                      f"{act}: {ledger.name}/{path.name} was changed")
        for path, before in kept.items():
            path.write_bytes(before)
            w.instance.place.give(path)
    equal(w.ledger.run(), "", "what a run says then")
    equal(len(w.account(mailbox).kept), 3, "kept")


def what_was_refused_is_counted(w: Told) -> None:
    """By the hour and its reason; of words from outside nothing is left."""
    mailbox = w.instance.create_mailbox("refused")
    w.deliver(mailbox, 1)
    w.instance.restante("mailbox", "suspend", mailbox.id)
    for _ in range(2):
        smtp = w.instance.smtp(w.servers.ports[0])
        smtp.envelope(mailbox.address).want(450)
        smtp.quit()
    w.servers.idle()
    spool = next((w.instance.folder(mailbox) / "spool").iterdir())
    line = "activity time=2026-11-30T02:49:25Z program=smtp-journal " \
        "peer=192.0.2.7 outcome=refused messages=0 octets=0"
    with open(spool, "a", encoding="ascii") as file:
        file.write(f"{line} reason=of%20theirs\n{line}\n"
                   f"{line} reason={'x' * 24}\n")
    w.ledger.run()
    equal(w.account(mailbox).refused, {}, "while the hour goes on")
    w.ledger.make_due(words=(" hour=",))
    w.ledger.run()
    w.ledger.sign()
    account = w.account(mailbox)
    equal(account.refused, {"suspended": 2, "other": 1}, "what was refused")
    equal(account.passed_over, 1, "lines of no form that is known")
    said = json.loads(w.instance.restante("activity", mailbox.id,
                                          "--json").stdout)
    equal([s["reason"] for s in said if "reason" in s],
          ["other"] + ["suspended"] * 2, "what activity says")


def what_is_not_there_is_entered_once(w: Told) -> None:
    """Removed, cut, put back: an alarm once, and status as it is."""
    mailbox = w.instance.create_mailbox("looked at")
    said = list(w.deliver(mailbox, 4))
    cur = w.instance.folder(mailbox) / "cur"
    files = {path.name[:26]: path for path in cur.iterdir()}
    kept = {ulid: path.read_bytes() for ulid, path in files.items()}
    equal(w.ledger.run(), "", "what the first look says")
    files[said[0]].unlink()
    files[said[1]].write_bytes(kept[said[1]][:-30])
    equal(w.ledger.run(), "", "what a run of the same day says")
    log = w.ledger.look(want=FOUND)
    check(f"{mailbox.id}: of what was received 1 messages are not there" in log
          and "and 1 are not what they were" in log, log)
    account = w.account(mailbox)
    equal((account.missing, account.differs),
          ({said[0]: "found"},
           {said[1]: hashlib.sha256(kept[said[1]][:-30]).hexdigest()}),
          "what was entered, and signed")
    line, = re.findall("^missing .*", (w.ledger.of(mailbox) / "entries")
                       .read_text(), re.M)
    shown = w.instance.restante("ledger", "show", mailbox.id, "--since",
                                line.split("time=")[1]).stdout
    check(line in shown, f"{line} is not shown: {shown}")
    equal(w.ledger.look(), "", "what the next day says")
    looked(w, mailbox, 1, 1)
    text = w.instance.restante("status", want=1).stdout
    check(re.search(f"^! mailbox {mailbox.id} .* 1 messages are not there", text,
                    re.M), text)
    for ulid in said[:2]:
        files[ulid].write_bytes(kept[ulid])
        w.instance.place.give(files[ulid])
    equal(w.ledger.look(), "", "what is said when they are there again")
    looked(w, mailbox, 0, 0)
    text = w.instance.restante("status", want=None).stdout
    check("are not there" not in text, text)
    w.collect(mailbox, 4)
    equal(w.ledger.look(), "", "what is said when all were collected")
    account = w.account(mailbox)
    equal((len(account.missing), len(account.differs), len(account.gone)),
          (1, 1, 4), "what stands there for good")
    looked(w, mailbox, 0, 0)


def another_file_that_was_collected_is_entered(w: Told) -> None:
    """It opened, and was of the right size."""
    mailbox = w.instance.create_mailbox("exchanged")
    said = w.deliver(mailbox, 2)
    w.ledger.run()
    files = sorted((w.instance.folder(mailbox) / "cur").iterdir())
    files[0].write_bytes(files[1].read_bytes())
    w.collect(mailbox, 1)
    w.ledger.run()
    log = w.ledger.look(want=FOUND)
    check("0 messages are not there" in log and "and 1 are not what" in log,
          log)
    first, second = sorted(said)
    equal(w.account(mailbox).differs, {first: said[second]}, "entered")
    equal(w.ledger.look(), "", "what the next day says")
    looked(w, mailbox, 0, 1)


def looked(w: Told, mailbox: Mailbox, missing: int, differs: int) -> None:
    """What the last look has left for whoever asks."""
    text = (w.ledger.of(mailbox) / "looked").read_text()
    check(text.endswith(f"missing={missing} differs={differs}\n"), text)


def kill_runs(w: Told, n: int) -> None:
    """Runs that end at their first point, their second, and so on."""
    prefix = Path(os.environ["RESTANTE_FAULT_PREFIX"])
    for point in range(1, n):
        log = w.ledger.run(want=None, RESTANTE_FAULT_POINT=str(point),
                           program=prefix / "libexec/restante/ledger")
        check("Who changed it" not in log, f"an alarm at point {point}: {log}")


def one_is_deleted_amid_a_look(w: Told) -> None:
    """Nothing is said of it, but that it was deleted."""
    mailbox = w.instance.create_mailbox("deleted amid a look")
    w.deliver(mailbox, 1)
    w.instance.restante("mailbox", "suspend", mailbox.id)
    program = Path(os.environ["RESTANTE_FAULT_PREFIX"]) / \
        "libexec/restante/ledger"
    with w.ledger.start(program=program,
                        RESTANTE_FAULT_STOP="look.begun") as run:
        os.waitid(os.P_PID, run.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        w.instance.restante("mailbox", "delete", mailbox.id, "--yes")
        run.send_signal(signal.SIGCONT)
        equal((run.communicate(timeout=60)[1], run.returncode), ("", 0),
              "what it says")
    w.ledger.sign()
    equal(w.account(mailbox).kinds["deleted"], 1, "entries")


def killed_amid_a_look(w: Told) -> None:
    """What is not there is entered all the same, and once."""
    lost = {}
    for number in range(3):
        mailbox = w.instance.create_mailbox(f"killed amid a look {number}")
        lost[min(w.deliver(mailbox, 3))] = mailbox
    w.ledger.run(want=None)
    for ulid, mailbox in lost.items():
        next((w.instance.folder(mailbox) / "cur").glob(f"{ulid}*")).unlink()
    w.ledger.make_due(words=("\nlook at=",))
    kill_runs(w, 3 * POINTS)
    w.ledger.run()
    w.ledger.sign()
    for ulid, mailbox in lost.items():
        text = (w.ledger.of(mailbox) / "entries").read_text()
        equal(text.count("\nmissing "), 1, "entries of what is missing")
        equal(w.account(mailbox).missing, {ulid: "found"}, "missing")
        looked(w, mailbox, 1, 0)


def killed_behind_an_announcement(w: Told) -> None:
    """Its key is entered once, and what it signs counts."""
    mailboxes = [of_before(w, f"announced and killed {n}") for n in range(3)]
    for mailbox in mailboxes:
        w.deliver(mailbox, 2)
    w.ledger.run()
    for mailbox in mailboxes:
        w.collect(mailbox, 1)
    kill_runs(w, 3 * POINTS)
    w.ledger.run()
    w.ledger.sign()
    for mailbox in mailboxes:
        account = w.account(mailbox)
        equal((account.kinds["key"], account.unproved, len(account.collected)),
              (1, 0, 1), "keys, sessions without a proof, collected")


def killed_anywhere(w: Told) -> None:
    """At each point of a run; what was published is never taken back."""
    prefix = Path(os.environ["RESTANTE_FAULT_PREFIX"])
    program = prefix / "libexec/restante/ledger"
    mailbox = w.instance.create_mailbox("killed")
    said, published = {}, []
    for point in range(1, POINTS):
        said |= w.deliver(mailbox, 1)
        if point % 3 == 0:
            w.collect(mailbox, 1)
        log = w.ledger.run(want=None, program=program,
                           RESTANTE_FAULT_POINT=str(point))
        check("Who changed it" not in log, f"an alarm at point {point}: {log}")
        checkpoint = w.ledger.of(mailbox) / "checkpoint"
        if checkpoint.exists():
            published.append(checkpoint.read_bytes())
        w.ledger.sign()
    account = w.account(mailbox)
    equal(account.kept, said, "what was kept")
    equal(account.unproved, 0, "sessions without a proof")
    entries = (w.ledger.of(mailbox) / "entries").read_bytes().split(b"\n")
    leaves = [stranger.leaf(entry) for entry in entries[:-1]]
    vkey = (w.ledger.of(mailbox) / "vkey").read_text()
    for note in published:
        _, size, root = stranger.read_note(note, vkey)
        check(stranger.root(leaves[:size]) == root,
              f"the checkpoint of {size} entries is not extended")
    lines = [line for line in entries if line.startswith(b"kept ")]
    equal(len(lines), len(said), "lines, each entered once")


CASES = [everything_is_entered, the_vectors_are_true, nothing_new_writes_nothing,
         it_is_signed_when_it_is_time, what_a_handler_forges_is_nothing,
         keys_are_followed, a_deleted_mailbox_keeps_its_ledger,
         a_mailbox_of_before_is_found,
         a_mailbox_of_before_announces_its_key,
         a_host_with_another_key_asks_anew, what_was_cut_is_an_alarm,
         what_nobody_remembers_is_left_alone,
         what_was_refused_is_counted, what_is_not_there_is_entered_once,
         another_file_that_was_collected_is_entered,
         one_is_deleted_amid_a_look, killed_amid_a_look,
         killed_behind_an_announcement, killed_anywhere]


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Each over one instance with one run of servers."""
    yield from in_one_world(place, Told, CASES)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
