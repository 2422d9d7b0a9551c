#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""restante ledger adopt, resume and drop: a store restored from yesterday's
backup, a ledger restored or lost, a copy of both, an old copy put back. What is
missing is said, nobody is accused, and all that was ever signed is accounted
for.
"""

import base64
import json
import os
import shutil
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import stranger
from harness.ed25519 import Ed25519
from harness.instance import Mailbox
from harness.ledger import Evidence, documented, in_one_world
from harness.place import Place
from harness.report import Report, check, equal
from harness.script import Case, run_script


SOME = 5  # of the points at which something was killed are verified


class Restored(Evidence):
    """An instance of which copies are put back."""

    def backup(self, source: Path) -> Path:
        """A copy of it, as it is now."""
        target = self.instance.root / "backup" / source.parent.name / \
            source.name
        if target.exists():
            shutil.rmtree(target)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, target, symlinks=True)
        return target

    def put_back(self, copy: Path, target: Path) -> None:
        """In the place of what is there."""
        shutil.rmtree(target)
        self.copy(copy, target)

    def act(self, act: str, name: str, *args: str, want: int = 0) -> dict:
        """One of the three; what it says of what has become of it."""
        said = self.call(act, name, *args, "--json", want=want)
        return documented(json.loads(said)[0]) if want == 0 \
            else {"said": said}

    def alarms(self, *words: str) -> None:
        """A run says them."""
        said = self.ledger.run(want=None)
        for word in words:
            check(word in said, f"no word of {word}: {said}")

    def quiet(self, mailbox: Mailbox) -> dict:
        """No run says anything, and it holds for us and for a stranger."""
        equal(self.ledger.run(), "", "what a run says")
        self.ledger.sign()
        equal(self.ledger.run(), "", "what a run says")
        self.stranger(mailbox)
        stranger.verify(self.ledger.path / "host")
        said = self.verify(mailbox.id, "--content")
        equal((said["holds"], said["missing"], said["untold"]), (True, 0, 0),
              f"of {said}")
        return said

    def stranger(self, mailbox: Mailbox) -> stranger.Account:
        """What a stranger finds, who has the host's ledger, too."""
        return stranger.verify(self.ledger.of(mailbox),
                               self.ledger.path / "host")

    def is_of_2020(self, mailbox: Mailbox) -> None:
        """The host's ledger is not asked for one that was created just now."""
        settings = self.instance.folder(mailbox) / "mailbox.conf"
        text = settings.read_text()
        at = text.index("created")
        year = text.index("20", at)
        settings.write_text(f"{text[:year]}2020{text[year + 4:]}")

    def broken(self, mailbox: Mailbox, *words: str) -> None:
        """A stranger agrees, where it is the ledger that does not hold."""
        super().broken(mailbox, *words)
        if words[0].startswith("message "):
            self.stranger(mailbox)
            return
        try:
            self.stranger(mailbox)
        except stranger.Untrue:
            return
        check(False, f"a stranger takes it for true: {words}")


def a_store_of_yesterday_is_adopted(w: Restored) -> None:
    """What came since is missing, what was collected since is there again."""
    mailbox = w.instance.create_mailbox("store of yesterday")
    before = list(w.deliver(mailbox, 4))
    w.entered(mailbox)
    copy = w.backup(w.instance.folder(mailbox))
    w.collect(mailbox, 2)
    since = list(w.deliver(mailbox, 3))
    w.entered(mailbox)
    old = w.ledger.of(mailbox)
    size = stranger.verify(old).signed
    w.put_back(copy, w.instance.folder(mailbox))
    w.alarms("is shorter than what was taken", "restante ledger adopt")
    w.broken(mailbox, f"message {since[0]}")
    # New mail comes before anybody looks, and is not lost to the ledger.
    new = list(w.deliver(mailbox, 1))
    w.instance.restante("sweep")
    w.alarms("restante ledger adopt")
    said = w.act("adopt", mailbox.id, "--reason", "disk of the 29th, 100 % \n")
    equal((said["act"], said["entries-before"], said["missing"]),
          ("adopt", size, 3), f"of {said}")
    said = w.quiet(mailbox)
    equal((said["waiting"], said["missing-before"], said["former"],
           said["reason"]), (5, 3, 1, "disk of the 29th, 100 % \n"),
          f"of {said}")
    account = stranger.verify(old)
    equal(set(account.missing), set(since), "named as missing")
    equal(set(account.kept), {*before, *new}, "kept")
    text = w.call("verify", mailbox.id)
    check("it goes on behind" in text, text)
    check("3 of before were not there when it began" in text, text)
    # And it goes on: mail and collections are entered and proved.
    w.deliver(mailbox, 1)
    w.collect(mailbox, 2)
    equal(w.quiet(mailbox)["waiting"], 4, "waiting")
    equal(len(stranger.verify(old).collected), 2, "proved")


def one_that_is_whole_is_not_resumed_without_a_reason(w: Restored) -> None:
    """And what is not whole is not adopted."""
    mailbox = w.instance.create_mailbox("refused")
    w.deliver(mailbox, 2)
    w.entered(mailbox)
    w.act("resume", mailbox.id, want=64)
    w.act("adopt", mailbox.id, "--reason", "x" * 121, want=64)
    w.act("adopt", f"mbx-{'0' * 32}", want=67)
    w.act("drop", mailbox.id, "--yes", want=64)
    entries = w.ledger.of(mailbox) / "entries"
    whole = entries.read_bytes()
    entries.write_bytes(whole[:-10])
    said = w.act("adopt", mailbox.id, want=64)["said"]
    check("restante ledger resume" in said, said)
    entries.write_bytes(whole.replace(b"by=writer", b"by=sweep%", 1))
    w.act("adopt", mailbox.id, want=64)
    entries.write_bytes(whole)
    equal(w.quiet(mailbox)["waiting"], 2, "nothing has changed")


def what_cannot_be_written_is_not_begun(w: Restored) -> None:
    """A reason that no line has room for, and one that is needed."""
    mailbox = w.instance.create_mailbox("long")
    w.deliver(mailbox, 1)
    w.entered(mailbox)
    place, name = w.ledger.path, "a." * 96 + "example"
    w.ledger.path = w.instance.root / "long ledger"
    w.instance.configure(ledger={"path": w.ledger.path, "name": name})
    w.ledger.path.mkdir(mode=0o750)
    w.place.give(w.ledger.path)
    w.entered(mailbox)
    before = (w.ledger.path / "memory" / mailbox.id).read_bytes()
    for act in ("adopt", "resume"):
        said = w.act(act, mailbox.id, "--reason", "\u00e4" * 60, want=64)
        check("too long" in said["said"], said)
    w.ledger.run("--resume", "host", want=64)
    equal((w.ledger.path / "memory" / mailbox.id).read_bytes(), before,
          "what is remembered")
    w.act("adopt", mailbox.id, "--reason", "short")
    w.quiet(mailbox)
    w.ledger.path = place
    w.instance.configure(ledger={"path": place})


def what_lay_in_gone_may_go(w: Restored) -> None:
    """Deleted under undo before an adoption, and over after it: the former
    says who took it, and nobody misses it.
    """
    mailbox = w.instance.create_mailbox("under undo")
    w.instance.restante("mailbox", "set", mailbox.id, "undo=30")
    said = list(w.deliver(mailbox, 3))
    w.collect(mailbox, 2)
    w.instance.restante("sweep")
    w.entered(mailbox)
    w.act("adopt", mailbox.id)
    equal(w.quiet(mailbox)["in-gone"], 2, "while it can come back")
    account = stranger.verify(w.ledger.of(mailbox))
    equal(set(account.gone.items()), {(ulid, "former") for ulid in said[:2]},
          "gone")
    w.instance.restante("mailbox", "set", mailbox.id, "undo=0")
    w.instance.restante("sweep")
    found = w.quiet(mailbox)
    equal((found["in-gone"], found["waiting"], found["missing"]), (0, 1, 0),
          f"of {found}")


def an_older_folder_is_not_written_to(w: Restored) -> None:
    """That of before an adoption, longer than the one that goes on."""
    mailbox = w.instance.create_mailbox("older folder")
    w.deliver(mailbox, 9)
    w.collect(mailbox, 8)
    w.entered(mailbox)
    copy = w.backup(w.ledger.of(mailbox))
    w.act("adopt", mailbox.id)
    w.quiet(mailbox)
    w.put_back(copy, w.ledger.of(mailbox))
    w.deliver(mailbox, 1)
    w.alarms("and not the one that goes on", "restante ledger resume")
    equal((w.ledger.of(mailbox) / "entries").read_bytes(),
          (copy / "entries").read_bytes(), "entries of before")
    w.act("resume", mailbox.id, "--reason", "an old folder")
    equal(w.quiet(mailbox)["waiting"], 2, "waiting")


def a_ledger_of_yesterday_is_resumed(w: Restored) -> None:
    """Its folder alone; memory knows that it was longer."""
    mailbox = w.instance.create_mailbox("ledger of yesterday")
    w.deliver(mailbox, 3)
    w.entered(mailbox)
    copy = w.backup(w.ledger.of(mailbox))
    was = stranger.verify(w.ledger.of(mailbox)).signed
    kept = w.instance.root / "kept of the longer"
    w.deliver(mailbox, 2)
    w.collect(mailbox, 1)
    w.entered(mailbox)
    kept.write_text(w.call("checkpoint", mailbox.id))
    size = stranger.verify(w.ledger.of(mailbox)).signed
    w.put_back(copy, w.ledger.of(mailbox))
    w.alarms("is shorter than it was signed")
    w.broken(mailbox, "an older ledger was put back")
    said = w.act("resume", mailbox.id, "--reason", "disk")
    equal((said["act"], said["entries-before"], said["missing"]),
          ("resume", size, 0), f"of {said}")
    said = w.quiet(mailbox)
    equal(said["waiting"], 4, f"of {said}")
    text = w.call("verify", mailbox.id, "--checkpoint", kept)
    check(f"of them {was} that are signed are there" in text, text)


def a_lost_ledger_is_resumed(w: Restored) -> None:
    """Folder, memory, or both; the host's ledger knows of it."""
    for lost in ("folder", "memory", "both"):
        mailbox = w.instance.create_mailbox(f"lost {lost}")
        w.deliver(mailbox, 3)
        w.collect(mailbox, 1)
        w.entered(mailbox)
        origin = w.verify(mailbox.id)["origin"]
        size = w.verify(mailbox.id)["signed"]
        if lost != "memory":
            shutil.rmtree(w.ledger.of(mailbox))
        if lost != "folder":
            (w.ledger.path / "memory" / mailbox.id).unlink()
        if lost == "both":
            w.is_of_2020(mailbox)
        w.alarms("ledger")
        said = w.act("resume", mailbox.id, "--reason", f"lost {lost}")
        equal((said["after"], said["entries-before"], said["missing"]),
              (origin, size, 0), f"of {lost}: {said}")
        equal(w.quiet(mailbox)["waiting"], 2, f"of {lost}")


def a_message_taken_meanwhile_is_named(w: Restored) -> None:
    """Whoever removes mail and says "restored" is told of for good."""
    mailbox = w.instance.create_mailbox("taken meanwhile")
    said = list(w.deliver(mailbox, 3))
    w.entered(mailbox)
    cur = w.instance.folder(mailbox) / "cur"
    files = {path.name[:26]: path for path in cur.iterdir()}
    files[said[0]].unlink()
    whole = files[said[1]].read_bytes()
    files[said[1]].write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    w.act("adopt", mailbox.id)
    found = w.quiet(mailbox)
    equal((found["missing-before"], found["differs-before"]), (1, 1),
          f"of {found}")
    account = stranger.verify(w.ledger.of(mailbox))
    equal((list(account.missing), list(account.differs)),
          ([said[0]], [said[1]]), "named")


def the_former_is_still_held_against_what_was_signed(w: Restored) -> None:
    """Changed, taken away, an old one put there: found, for adopted ones."""
    mailbox = w.instance.create_mailbox("former")
    w.deliver(mailbox, 2)
    w.entered(mailbox)
    copy = w.backup(w.ledger.of(mailbox))
    w.deliver(mailbox, 2)
    w.entered(mailbox)
    w.act("adopt", mailbox.id)
    w.quiet(mailbox)
    former = next((w.ledger.of(mailbox) / "former").iterdir())
    away = w.instance.root / "former away"
    former.rename(away)
    w.broken(mailbox, "former: ", "is not there")
    w.copy(copy, former)
    w.broken(mailbox, "former: ", "an older ledger was put back")
    shutil.rmtree(former)
    away.rename(former)
    entries = former / "entries"
    whole = entries.read_bytes()
    entries.write_bytes(whole.replace(b"by=writer", b"by=nobody", 1))
    w.broken(mailbox, "former: ", "entries: ")
    entries.write_bytes(whole)
    # The new ledger taken away as well, and a fresh one in its place.
    w.quiet(mailbox)
    shutil.rmtree(w.ledger.of(mailbox))
    (w.ledger.path / "memory" / mailbox.id).unlink()
    w.ledger.sign()
    w.broken(mailbox, "nothing says what became of it")


def the_hosts_ledger_is_resumed(w: Restored) -> None:
    """And what it knew before still counts."""
    mailbox, idle = (w.instance.create_mailbox(name)
                     for name in ("host", "idle"))
    w.deliver(idle, 2)
    w.entered(idle)
    w.deliver(mailbox, 2)
    w.entered(mailbox)
    copy = w.backup(w.ledger.path / "host")
    w.deliver(mailbox, 2)
    w.entered(mailbox)
    w.put_back(copy, w.ledger.path / "host")
    w.alarms("is shorter than it was signed")
    w.act("resume", "host", "--reason", "disk")
    w.quiet(mailbox)
    said = w.verify("host")
    equal((said["holds"], said["act"]), (True, "resume"), f"of {said}")
    w.call("verify")
    what_a_former_host_may_say(w, mailbox)
    # Of one that has had no line since, the one before knows.
    origin, size = (w.verify(idle.id)[name] for name in ("origin", "signed"))
    shutil.rmtree(w.ledger.of(idle))
    (w.ledger.path / "memory" / idle.id).unlink()
    w.is_of_2020(idle)
    w.alarms("the host's ledger knows")
    said = w.act("resume", idle.id, "--reason", "lost as well")
    equal((said["after"], said["entries-before"], said["missing"]),
          (origin, size, 0), f"of {said}")
    w.quiet(idle)


def what_a_former_host_may_say(w: Restored, mailbox: Mailbox) -> None:
    """Somebody changes it, or signs another one with a key of his own: nothing
    that it says is held against a mailbox then.
    """
    former = next((w.ledger.path / "host" / "former").iterdir())
    away = w.backup(former)
    entries = former / "entries"
    lines = entries.read_text().splitlines(keepends=True)
    at = max(i for i, line in enumerate(lines)
             if line.startswith("checkpoint ") and mailbox.id in line)
    root = lines[at].split(" root=")[1][:64]
    lines[at] = lines[at].replace(root, "0" * 64)
    entries.write_text("".join(lines))
    w.quiet(mailbox)
    sign_anew(former)
    stranger.read_ledger(former)
    w.quiet(mailbox)
    w.put_back(away, former)
    w.quiet(mailbox)


def sign_anew(folder: Path) -> None:
    """All of it, as its owner would, with another key."""
    key = Ed25519()
    raw = (folder / "entries").read_bytes()
    entries = raw.splitlines()
    origin, size, _ = (folder / "checkpoint").read_text().split("\n")[:3]
    leaves = [stranger.leaf(entry) for entry in entries]
    (folder / "tiles").write_bytes(b"".join(leaves))
    public = b"\1" + key.public
    name = origin.encode() + b"\n"
    key_id = stranger.sha256(name + public)[:4]
    top = base64.b64encode(stranger.root(leaves[:int(size)])).decode()
    body = f"{origin}\n{size}\n{top}\n"
    sig = base64.b64encode(key_id + key.sign(body.encode())).decode()
    (folder / "checkpoint").write_text(
        f"{body}\n\u2014 {origin} {sig}\n")
    (folder / "vkey").write_text(
        f"{origin}+{key_id.hex()}+{base64.b64encode(public).decode()}\n")


def rolled_back_as_a_whole(w: Restored) -> None:
    """Store, ledgers and memory of yesterday: nobody here can know. A checkpoint
    that was kept elsewhere does, and a resumption says so for good.
    """
    mailbox = w.instance.create_mailbox("rolled back")
    w.deliver(mailbox, 3)
    w.entered(mailbox)
    copies = [(w.backup(path), path) for path in
              (w.instance.folder(mailbox), w.ledger.path)]
    w.collect(mailbox, 1)
    w.deliver(mailbox, 2)
    w.entered(mailbox)
    kept = w.instance.root / "kept of the whole"
    kept.write_text(w.call("checkpoint", mailbox.id))
    for copy, path in copies:
        w.put_back(copy, path)
    equal(w.quiet(mailbox)["waiting"], 3, "as nobody can know")
    said = w.call("verify", mailbox.id, "--checkpoint", kept, want=1)
    check("an older ledger was put back" in said, said)
    w.act("resume", mailbox.id, "--reason", "the host was rolled back")
    equal(w.quiet(mailbox)["waiting"], 3, "resumed")
    said = w.call("verify", mailbox.id, "--checkpoint", kept)
    check("more than when it was resumed" in said, said)
    w.collect(mailbox, 1)
    equal(w.quiet(mailbox)["waiting"], 2, "and it goes on")


def twice_is_no_harm(w: Restored) -> None:
    """One behind another, behind another."""
    mailbox = w.instance.create_mailbox("twice")
    w.deliver(mailbox, 2)
    w.entered(mailbox)
    for n in (1, 2, 3):
        w.act("adopt", mailbox.id)
        w.collect(mailbox, 1 if n < 3 else 0)
        equal(w.quiet(mailbox)["former"], n, "ledgers before")


def a_copy_elsewhere_is_adopted(w: Restored) -> None:
    """Both directories of a mailbox in a store with a key of its own."""
    mailbox = w.instance.create_mailbox("copied")
    w.deliver(mailbox, 3)
    w.collect(mailbox, 1)
    w.entered(mailbox)
    files = w.backup(w.instance.folder(mailbox))
    entries = w.backup(w.ledger.of(mailbox))
    origin = w.verify(mailbox.id)["origin"]
    key = (w.ledger.path / "key").read_bytes()
    elsewhere = w.instance.root / "elsewhere"
    w.ledger.path.rename(elsewhere)
    w.ledger.path.mkdir(mode=0o750)
    w.place.give(w.ledger.path)
    w.put_back(files, w.instance.folder(mailbox))
    w.copy(entries, w.ledger.of(mailbox))
    w.alarms("there are entries and a checkpoint")
    check((w.ledger.path / "key").read_bytes() != key, "another key")
    said = w.act("adopt", mailbox.id)
    equal((said["after"], said["missing"]), (origin, 0), f"of {said}")
    equal(w.quiet(mailbox)["waiting"], 2, "waiting")
    shutil.rmtree(w.ledger.path)
    elsewhere.rename(w.ledger.path)


def one_of_a_deleted_mailbox_is_dropped(w: Restored) -> None:
    """The host's ledger has the last word of it, and that is no theft."""
    mailbox = w.instance.create_mailbox("dropped")
    w.deliver(mailbox, 2)
    w.entered(mailbox)
    w.act("adopt", mailbox.id)
    w.ledger.run()
    delete(w, mailbox)
    account = stranger.verify(w.ledger.of(mailbox), w.ledger.path / "host")
    origin, size = account.origin, account.signed
    said = w.call("drop", mailbox.id, want=64)
    check(w.ledger.of(mailbox).is_dir(), f"asked first: {said}")
    w.act("drop", mailbox.id, "--yes", "--reason", "ten years")
    check(not w.ledger.of(mailbox).exists(), "its folder is gone")
    check(not (w.ledger.path / "memory" / mailbox.id).exists(), "forgotten")
    equal(w.ledger.run(), "", "what a run says")
    w.ledger.sign()
    said = w.call("verify")
    check(f"dropped after {size} entries" in said and "ten years" in said,
          said)
    found = [one for one in json.loads(w.call("verify", "--json"))
             if one["ledger"] == mailbox.id]
    equal([(one["holds"], one["reason"]) for one in found],
          [(True, "ten years")], "of one that was dropped")
    host = stranger.verify(w.ledger.path / "host")
    equal([other[1:4] for other in host.others if other[2] == origin][-1],
          ("dropped", origin, size), "what a stranger sees of it")
    w.act("drop", mailbox.id, "--yes", want=67)


def kill_everywhere(w: Restored, *act: str) -> Iterator[tuple[int, str]]:
    """The same act at each of its points, each time from the same state; what
    the next run says, and the caller looks at what has become of it.
    """
    program = Path(os.environ["RESTANTE_FAULT_PREFIX"]) / \
        "libexec/restante/ledger"
    copy = w.backup(w.ledger.path)
    for point in range(1, 200):
        log = w.instance.root / "points"
        log.unlink(missing_ok=True)
        said = w.ledger.run(*act, want=None, program=program,
                            RESTANTE_FAULT_POINT=str(point),
                            RESTANTE_FAULT_LOG=str(log))
        check("Who changed it" not in said, f"an alarm at {point}: {said}")
        killed = log.read_text().count("\n") == point
        yield point, w.ledger.run(want=None)
        w.put_back(copy, w.ledger.path)
        if not killed:
            return
    check(False, "no end of points")


def killed_anywhere(w: Restored) -> None:
    """At each step of an adoption and of a resumption: the next run finishes
    it, or it has not begun; every checkpoint is accounted for.
    """
    mailbox = w.instance.create_mailbox("killed")
    w.deliver(mailbox, 4)
    w.entered(mailbox)
    copy = w.backup(w.instance.folder(mailbox))
    w.collect(mailbox, 1)
    gone = list(w.deliver(mailbox, 2))
    w.entered(mailbox)
    kept = w.instance.root / "kept of killed"
    kept.write_text(w.call("checkpoint", mailbox.id))
    w.put_back(copy, w.instance.folder(mailbox))
    adopted = 0
    for point, next_run in kill_everywhere(w, "--adopt", mailbox.id):
        account = stranger.verify(w.ledger.of(mailbox))
        if account.behind is None:
            equal(adopted, 0, f"begun before, and not at point {point}")
            continue
        adopted += 1
        equal(next_run, "", f"said behind point {point}")
        equal(set(account.missing), set(gone), f"named at point {point}")
        if adopted % SOME == 0:
            w.ledger.sign()
            w.call("verify", mailbox.id, "--checkpoint", kept)
    check(adopted > 5, f"adopted {adopted} times")
    w.ledger.run("--adopt", mailbox.id)
    old = w.backup(w.ledger.of(mailbox))
    w.deliver(mailbox, 1)
    w.entered(mailbox)
    w.put_back(old, w.ledger.of(mailbox))
    resumed = 0
    for point, next_run in kill_everywhere(w, "--resume", mailbox.id, "--reason", "x"):
        if "is shorter than it was signed" in next_run:
            equal(resumed, 0, f"begun before, and not at point {point}")
            continue
        equal(next_run, "", f"said behind point {point}")
        resumed += 1
        equal(stranger.verify(w.ledger.of(mailbox)).behind[0], "resume",
              f"at point {point}")
        if resumed % SOME == 0:
            w.ledger.sign()
            equal(w.verify(mailbox.id)["missing"], 0, f"at point {point}")
    check(resumed > 5, f"resumed {resumed} times")
    w.ledger.run("--resume", mailbox.id, "--reason", "disk")
    w.quiet(mailbox)


def collected_long_ago(w: Restored, name: str) -> tuple[Mailbox, bytes]:
    """A mailbox, and its spool without the lines that tell how two left."""
    mailbox = w.instance.create_mailbox(name)
    w.deliver(mailbox, 3)
    w.servers.idle()
    received = spool_of(w, mailbox).read_bytes()
    w.collect(mailbox, 2)
    w.entered(mailbox)
    w.instance.restante("sweep")
    equal(os.listdir(w.instance.folder(mailbox) / "gone"), [], "in gone/")
    return mailbox, received


def delete(w: Restored, mailbox: Mailbox) -> None:
    """Its ledger stays."""
    w.instance.restante("mailbox", "suspend", mailbox.id)
    w.instance.restante("mailbox", "delete", mailbox.id, "--yes")
    w.ledger.run()


def spool_of(w: Restored, mailbox: Mailbox) -> Path:
    """The one that there is."""
    spool, = (w.instance.folder(mailbox) / "spool").iterdir()
    return spool


def what_left_before_an_adoption_has_left(w: Restored) -> None:
    """The one that was adopted tells nothing of it, the one before it does."""
    mailbox, received = collected_long_ago(w, "adopted, then resumed")
    w.act("adopt", mailbox.id)
    w.quiet(mailbox)
    spool_of(w, mailbox).write_bytes(received)
    (w.ledger.path / "memory" / mailbox.id).unlink()
    w.act("resume", mailbox.id, "--reason", "memory")
    w.quiet(mailbox)
    equal(w.stranger(mailbox).missing, {}, "missing")
    delete(w, mailbox)  # a spool without its end accuses where it is new


def what_goes_amid_an_adoption_has_left(w: Restored) -> None:
    """A run is killed behind what it has found in gone/; before the next one
    its undo is over, and then the spool goes that told who took it.
    """
    program = Path(os.environ["RESTANTE_FAULT_PREFIX"]) / \
        "libexec/restante/ledger"
    mailbox = w.instance.create_mailbox("over amid an adoption")
    w.instance.restante("mailbox", "set", mailbox.id, "undo=30")
    w.deliver(mailbox, 3)
    w.collect(mailbox, 2)
    w.instance.restante("sweep")
    w.entered(mailbox)
    folder, found = w.instance.folder(mailbox), 0
    ledgers, files = w.backup(w.ledger.path), w.backup(folder)
    for point in range(1, 200):
        w.ledger.run("--adopt", mailbox.id, want=None, program=program,
                     RESTANTE_FAULT_POINT=str(point))
        entries = w.ledger.of(mailbox) / "entries"
        text = entries.read_text() if entries.exists() else ""
        through = " by=former " in text
        if " act=adopt " in text and "kept " in text:
            found += 1
            for path in (folder / "gone").iterdir():
                path.unlink()
            w.ledger.run()
            spool_of(w, mailbox).unlink()
            equal(w.ledger.look(), "", f"what a look says at point {point}")
        w.put_back(ledgers, w.ledger.path)
        w.put_back(files, folder)
        if through:
            break
    check(found > 1, f"found in {found} runs")


def a_former_one_is_not_written_over(w: Restored) -> None:
    """An adoption is killed at each of its points, and its memory is lost."""
    program = Path(os.environ["RESTANTE_FAULT_PREFIX"]) / \
        "libexec/restante/ledger"
    mailbox, received = collected_long_ago(w, "adopted, killed and lost")
    former = (w.ledger.of(mailbox) / "entries").read_bytes()
    spool_of(w, mailbox).write_bytes(received)
    copy, begun = w.backup(w.ledger.path), 0
    for point in range(1, 200):
        w.ledger.run("--adopt", mailbox.id, want=None, program=program,
                     RESTANTE_FAULT_POINT=str(point))
        entries = w.ledger.of(mailbox) / "entries"
        begun += entries.exists() and b" act=adopt " in entries.read_bytes()
        (w.ledger.path / "memory" / mailbox.id).unlink()
        w.act("resume", mailbox.id, "--reason", "memory")
        w.ledger.run()
        equal(w.stranger(mailbox).missing, {}, f"at point {point}")
        check(former in [path.read_bytes() for path in w.ledger.of(
            mailbox).glob("former/*/entries")], f"lost at point {point}")
        if begun == SOME:
            delete(w, mailbox)
            return
        w.put_back(copy, w.ledger.path)
    check(False, "no adoption was killed behind its first entry")


def killed_while_it_is_dropped(w: Restored) -> None:
    """It is there, or it is gone and the host's ledger says so."""
    mailbox = w.instance.create_mailbox("dropped and killed")
    w.deliver(mailbox, 1)
    w.entered(mailbox)
    delete(w, mailbox)
    dropped = 0
    for point, next_run in kill_everywhere(w, "--drop", mailbox.id):
        equal(next_run, "", f"said behind point {point}")
        there = w.ledger.of(mailbox).exists()
        equal((w.ledger.path / "memory" / mailbox.id).exists(), there,
              f"its memory at point {point}")
        check(not (there and dropped), f"there again at point {point}")
        dropped += not there
        # What stands in the host's ledger, and was not signed yet, is not lost.
        w.ledger.run("--resume", "host", "--reason", "at once")
        w.ledger.sign()
        said = json.loads(w.call("verify", "--json"))
        found = [one for one in said if one["ledger"] == mailbox.id]
        equal([("dropped" in one, one["holds"]) for one in found],
              [(not there, True)], f"at point {point}")
    check(dropped > 3, f"dropped {dropped} times")


CASES = [killed_anywhere, what_left_before_an_adoption_has_left,
         what_goes_amid_an_adoption_has_left,
         a_former_one_is_not_written_over, killed_while_it_is_dropped,
         a_store_of_yesterday_is_adopted,
         one_that_is_whole_is_not_resumed_without_a_reason,
         what_cannot_be_written_is_not_begun, what_lay_in_gone_may_go,
         an_older_folder_is_not_written_to,
         a_ledger_of_yesterday_is_resumed, a_lost_ledger_is_resumed,
         a_message_taken_meanwhile_is_named,
         the_hosts_ledger_is_resumed, rolled_back_as_a_whole,
         twice_is_no_harm,
         a_copy_elsewhere_is_adopted, one_of_a_deleted_mailbox_is_dropped,
         the_former_is_still_held_against_what_was_signed]


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Each over one instance with one run of servers."""
    yield from in_one_world(place, Restored, CASES)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
