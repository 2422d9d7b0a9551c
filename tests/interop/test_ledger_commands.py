#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""restante ledger: what it shows, what it verifies, and what it finds where
somebody has changed the files: a ledger's, the host's, the mailbox's.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

import stranger
from harness.ledger import TREE, Evidence, in_one_world
from harness.place import Place
from harness.report import Report, check, equal
from harness.script import Case, run_script
from harness.tools import SYSTEM_PATH, tool


PLACES = int(os.environ.get("PROOF_PLACES", "2"))  # changed in each file


class Proving(Evidence):
    """And what proves to somebody else."""

    def by_readme(self, folder: Path) -> tuple[bool, str]:
        """What the commands of a proof's README say of it."""
        done = subprocess.run(["sh", "README"], cwd=folder, timeout=300,
                              capture_output=True, text=True, check=False,
                              env={"PATH": SYSTEM_PATH})
        return done.returncode == 0, done.stdout + done.stderr


def a_round_trip_holds(w: Proving) -> None:
    """Received, waiting, collected; the files hashed."""
    mailbox = w.instance.create_mailbox("round trip")
    w.deliver(mailbox, 5)
    w.collect(mailbox, 3)
    w.entered(mailbox)
    said = w.verify(mailbox.id, "--content")
    equal({key: said[key] for key in (
        "holds", "received", "waiting", "missing", "untold", "differs",
        "passed-over", "unproved-sessions")},
        {"holds": True, "received": 5, "waiting": 2, "missing": 0,
         "untold": 0, "differs": 0, "passed-over": 0,
         "unproved-sessions": 0}, "of a round trip")
    equal(said["in-gone"] + said["collected"], 3, "collected")
    check(said["hashed"] >= 2, "files were hashed")
    text = w.call("verify", mailbox.id)
    check("one user owns" in text, f"of one user: {text}")
    check("  holds" in text, text)
    w.call("verify")
    equal(w.verify("host")["passed-over"], 0, "administrators' own lines")


def what_is_shown_is_what_stands_there(w: Proving) -> None:
    """Each entry once, in order; and since a time."""
    mailbox = w.instance.create_mailbox("shown")
    w.deliver(mailbox, 2)
    w.collect(mailbox, 2)
    w.entered(mailbox)
    entries = (w.ledger.of(mailbox) / "entries").read_text().splitlines()
    shown = w.call("show", mailbox.id).splitlines()
    equal([line.split(None, 1)[1] for line in shown], entries, "entries")
    equal(w.call("show", mailbox.id, "--since", "9999-01-01T00:00:00Z"), "",
          "of the future")
    equal(w.call("show", mailbox.id, "--since", "2000-01-01T00:00:00Z")
          .splitlines(), shown, "since long ago")
    check("expected a time" in
          w.call("show", mailbox.id, "--since", "now", want=64), "a bad time")
    check("no ledger yet" in w.call("show", f"mbx-{'0' * 32}", want=67),
          "of no mailbox")


def checkpoints_and_the_key(w: Proving) -> None:
    """As a stranger reads them."""
    mailbox = w.instance.create_mailbox("checkpoint")
    w.deliver(mailbox, 1)
    w.entered(mailbox)
    vkey = w.call("key")
    _, size, _ = stranger.read_note(w.call("checkpoint").encode(), vkey)
    check(size > 0, "the host's")
    own = (w.ledger.of(mailbox) / "vkey").read_text()
    equal(stranger.read_vkey(own)[1], stranger.read_vkey(vkey)[1], "keys")
    note = w.call("checkpoint", mailbox.id)
    equal(stranger.read_note(note.encode(), own)[1],
          stranger.verify(w.ledger.of(mailbox)).signed, "its size")


def the_vector_of_the_page_holds(_w: Proving) -> None:
    """What docs/ledger.md gives a stranger to try a verifier with."""
    page = (TREE / "docs/ledger.md").read_text()
    block = page.split("A smaller one:\n\n```\n")[1].split("```")[0]
    lines = [line[12:] for line in block.splitlines()]
    at = lines.index("kept")
    note = "\n".join(lines[1:at]) + "\n"
    leaves = [stranger.leaf(line.encode()) for line in lines[at:]]
    for one in leaves:
        check(one.hex() in page, f"no leaf {one.hex()}")
    equal(stranger.read_note(note.encode(), lines[0])[1:],
          (len(leaves), stranger.root(leaves)), "its tree")


def changed_files_are_named(w: Proving) -> None:
    """One octet, a line, a tail, a copy of before; file and entry named."""
    mailbox = w.instance.create_mailbox("changed")
    w.deliver(mailbox, 6)
    w.entered(mailbox)
    folder = w.ledger.of(mailbox)
    before = {name: (folder / name).read_bytes() for name in (
        "entries", "offsets", "tiles", "checkpoint", "vkey")}
    lines = before["entries"].splitlines(keepends=True)
    n = len(lines)

    def changed(name: str, data: bytes, *words: str) -> None:
        (folder / name).write_bytes(data)
        w.broken(mailbox, *words)
        (folder / name).write_bytes(before[name])

    at = before["entries"].index(b"kept ") + 10
    entry = before["entries"][:at].count(b"\n")
    flipped = bytearray(before["entries"])
    flipped[at] ^= 1
    changed("entries", bytes(flipped), f"entries, entry {entry}, octet ")
    changed("entries", b"".join(lines[:2] + lines[3:]), "entries, entry 2")
    changed("entries", b"".join([*lines[:3], lines[4], lines[3], *lines[5:]]),
            "entries, entry 3")
    for cut in range(n):
        changed("entries", b"".join(lines[:cut]), f"entries, entry {cut}",
                f"{n} entries were signed, and there are {cut}")
    tiles = bytearray(before["tiles"])
    tiles[32 * 4 + 5] ^= 1
    changed("tiles", bytes(tiles), "tiles, entry 4, octet 128")
    offsets = bytearray(before["offsets"])
    offsets[8 * 4] ^= 1
    changed("offsets", bytes(offsets), "offsets, entry 4, octet 32")
    for name in ("checkpoint", "vkey"):
        other = w.ledger.path / "host" / name
        changed(name, other.read_bytes(), "checkpoint:")
    for name in before:
        (folder / name).rename(folder / "aside")
        if name != "checkpoint":
            w.broken(mailbox, name)
        else:
            w.broken(mailbox, "the host's ledger knows")
        (folder / "aside").rename(folder / name)
    equal(w.verify(mailbox.id)["holds"], True, "all put back")


def an_old_copy_is_found(w: Proving) -> None:
    """By the host's ledger; where that is old as well, by a checkpoint that
    somebody has kept.
    """
    mailbox = w.instance.create_mailbox("old copy")
    kept = w.instance.root / "kept"
    w.deliver(mailbox, 2)
    w.entered(mailbox)
    old = w.instance.root / "old"
    w.copy(w.ledger.path, old)
    w.deliver(mailbox, 2)
    w.entered(mailbox)
    kept.write_text(w.call("checkpoint", mailbox.id))
    said = w.call("verify", mailbox.id, "--checkpoint", kept)
    check("goes on from the checkpoint" in said, said)
    new = w.instance.root / "new"
    w.ledger.of(mailbox).rename(new)
    w.copy(old / mailbox.id, w.ledger.of(mailbox))
    w.broken(mailbox, "the host's ledger knows", "an older ledger")
    shutil.rmtree(w.ledger.of(mailbox))
    said = w.call("verify", want=1)
    check("knows it, and it is not there" in said, said)
    new.rename(w.ledger.of(mailbox))
    # A copy of before in which everything is old.
    said = w.call("verify", f"{old}/", "--checkpoint", kept, want=1)
    check("an older ledger was put back" in said, said)
    w.call("verify", f"{old}/")
    w.call("verify", f"{old}/{mailbox.id}")
    other = w.instance.root / "other"
    other.write_text(w.call("checkpoint"))
    check("no ledger that was looked at" in
          w.call("verify", mailbox.id, "--checkpoint", other, want=67), "host")
    forged = kept.read_text().replace("\n—", "\n\n—", 1)
    kept.write_text(forged)
    w.call("verify", mailbox.id, "--checkpoint", kept, want=1)


def what_is_not_there_is_missed(w: Proving) -> None:
    """A message removed, one put there, one changed."""
    mailbox = w.instance.create_mailbox("missing")
    said = list(w.deliver(mailbox, 4))
    w.entered(mailbox)
    cur = w.instance.folder(mailbox) / "cur"
    files = {path.name[:26]: path for path in cur.iterdir()}
    away = w.instance.root / "away"
    files[said[0]].rename(away)
    w.broken(mailbox, f"message {said[0]} (entry ", "is not there")
    away.rename(files[said[0]])
    stranger_file = cur / files[said[1]].name.replace(
        said[1], "7" + said[1][1:])
    shutil.copy(files[said[1]], stranger_file)
    w.place.give(stranger_file)
    w.broken(mailbox, f"7{said[1][1:]} lies there, and nothing tells of it")
    stranger_file.unlink()
    whole = files[said[2]].read_bytes()
    files[said[2]].write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    w.call("verify", mailbox.id)
    found = w.call("verify", mailbox.id, "--content", want=1)
    check(f"message {said[2]} (entry " in found, found)
    files[said[2]].write_bytes(whole)
    w.call("verify", mailbox.id, "--content")


def what_is_on_its_way_is_no_fault(w: Proving) -> None:
    """Delivered and collected, and no sequencer has come by."""
    mailbox = w.instance.create_mailbox("on its way")
    w.deliver(mailbox, 3)
    w.entered(mailbox)
    w.deliver(mailbox, 2)
    w.collect(mailbox, 2)
    said = w.verify(mailbox.id)
    equal((said["holds"], said["received"], said["not-entered"]),
          (True, 3, 2), "before it is entered")


def forged_lines_are_named(w: Proving) -> None:
    """Written into a spool by somebody with a handler's rights."""
    mailbox = w.instance.create_mailbox("forged")
    ulid = next(iter(w.deliver(mailbox, 1)))
    spool = next((w.instance.folder(mailbox) / "spool").iterdir())
    time = "time=2026-11-30T02:49:25Z"
    with open(spool, "a", encoding="ascii") as file:
        file.write(f"gone ulid={ulid} by=expiry {time}\n"
                   f"settings {time} by=administrator who=a how=b what=set\n")
    w.entered(mailbox)
    said = w.verify(mailbox.id)
    equal((said["holds"], said["passed-over"], said["waiting"]),
          (True, 2, 1), "of forged lines")
    check("2 lines of spool local.1 were passed over" in
          w.call("verify", mailbox.id), "named")


def a_proof_is_good_for_strangers(w: Proving) -> None:
    """openssl alone, by the README; the stranger's verifier; and no file of it
    can be changed.
    """
    mailbox = w.instance.create_mailbox("proved")
    said = w.deliver(mailbox, 5)
    ulid = list(said)[3]
    w.entered(mailbox)
    folder = w.instance.root / "proof"
    w.call("proof", mailbox.id, ulid, folder)
    names = {path.name for path in folder.iterdir()}
    equal(names, {
        "README", "checkpoint", "checkpoint.body", "checkpoint.sig", "entry",
        "entry.host-proof", "entry.spicy", "entry.tlog-proof",
        "host-checkpoint", "host-entry", "host-entry.tlog-proof", "host.vkey",
        "key.pem", "mailbox.vkey"}, "files of a proof")
    check(said[ulid] in (folder / "entry").read_text(), "the entry's digest")
    vkey = (folder / "mailbox.vkey").read_text()
    at = stranger.read_proof((folder / "entry.tlog-proof").read_text(), vkey,
                             (folder / "entry").read_bytes())
    lines = (w.ledger.of(mailbox) / "entries").read_bytes().split(b"\n")
    equal((folder / "entry").read_bytes(), lines[at], "the entry")
    proved, text = w.by_readme(folder)
    check(proved and text.endswith("proved\n"), text)
    check("vouches for" in text, text)
    for name in sorted(names - {"README"}):
        whole = (folder / name).read_bytes()
        for place in [*range(0, len(whole), 1 + len(whole) // PLACES),
                      len(whole) - 1]:
            false = bytearray(whole)
            false[place] ^= 1
            (folder / name).write_bytes(bytes(false))
            proved, text = w.by_readme(folder)
            check(not proved, f"{name}, octet {place} changed: {text}")
        (folder / name).write_bytes(whole)
    check(w.by_readme(folder)[0], "all put back")
    w.call("proof", mailbox.id, ulid, folder, want=75)
    w.call("proof", mailbox.id, "0" * 26, w.instance.root / "none", want=67)
    w.call("proof", mailbox.id, "x", w.instance.root / "none", want=64)


def others_programs_verify_a_proof(w: Proving) -> None:
    """openssl the signature, spicy-litetlog the whole; each refuses what was
    changed.
    """
    mailbox = w.instance.create_mailbox("others")
    ulid = list(w.deliver(mailbox, 7))[2]
    w.entered(mailbox)
    folder = w.instance.root / "others"
    w.call("proof", mailbox.id, ulid, folder)

    def holds(*command: str) -> bool:
        return subprocess.run(command, cwd=folder, capture_output=True,
                              timeout=300, check=False).returncode == 0

    def spicy() -> bool:
        return holds(tool("spicy-litetlog"), "-verify",
                     (folder / "mailbox.vkey").read_text().strip(), "entry")

    def openssl() -> bool:
        return holds("openssl", "pkeyutl", "-verify", "-rawin", "-pubin",
                     "-inkey", "key.pem", "-in", "checkpoint.body",
                     "-sigfile", "checkpoint.sig")

    for program, names in ((spicy, ("entry", "entry.spicy", "mailbox.vkey")),
                           (openssl, ("checkpoint.body", "checkpoint.sig",
                                      "key.pem"))):
        check(program(), f"{program.__name__} refuses the true one")
        for name in names:
            whole = (folder / name).read_bytes()
            # Where a line begins no bit of base64 is left over.
            places = [0, *(i + 1 for i, octet in enumerate(whole[:-1])
                           if octet == 10), len(whole) // 2]
            for place in places:
                false = bytearray(whole)
                false[place] ^= 1
                (folder / name).write_bytes(bytes(false))
                check(not program(), f"{program.__name__} accepts {name} "
                      f"with octet {place} changed")
            (folder / name).write_bytes(whole)
        check(program(), f"{program.__name__}: all put back")


def what_is_not_signed_is_not_proved_yet(w: Proving) -> None:
    """Within five minutes."""
    mailbox = w.instance.create_mailbox("too early")
    w.deliver(mailbox, 1)
    w.ledger.run()
    ulid = next(iter(w.deliver(mailbox, 1)))
    w.ledger.run()
    said = w.call("proof", mailbox.id, ulid, w.instance.root / "early",
                  want=75)
    check("not signed yet" in said, said)


def nobody_else_may_read_them(w: Proving) -> None:
    """Said plainly."""
    if os.getuid() != 0:
        return
    mailbox = w.instance.create_mailbox("private")
    w.deliver(mailbox, 1)
    w.entered(mailbox)
    mode = w.ledger.path.stat().st_mode
    done = subprocess.run(
        [w.place.prefix / "bin/restante", "-c", w.instance.conf, "ledger",
         "show", mailbox.id], user=61234, group=61234, extra_groups=[],
        capture_output=True, text=True, timeout=300, check=False,
        env={"PATH": SYSTEM_PATH})
    equal(done.returncode, 77, f"exit ({mode:o}): {done.stderr}")
    check("read by root and by restante-admin" in done.stderr, done.stderr)


CASES = [a_round_trip_holds, what_is_shown_is_what_stands_there,
         checkpoints_and_the_key, the_vector_of_the_page_holds,
         changed_files_are_named,
         an_old_copy_is_found, what_is_not_there_is_missed,
         what_is_on_its_way_is_no_fault, forged_lines_are_named,
         a_proof_is_good_for_strangers, others_programs_verify_a_proof,
         what_is_not_signed_is_not_proved_yet,
         nobody_else_may_read_them]


def cases(place: Place, _report: Report, _args: object) -> Iterator[Case]:
    """Each over one instance with one run of servers."""
    yield from in_one_world(place, Proving, CASES)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases))
