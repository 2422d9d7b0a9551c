# SPDX-License-Identifier: GPL-3.0-or-later
"""Copies of a mailbox made while it is in use, and whether they open."""

import os
import random
import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from harness.instance import Instance, Mailbox
from harness.pop3 import Pop3, Refused
from harness.report import Failure, check
from harness.servers import Spawner
from harness.tools import tool, tool_env
from harness.wire import Wire
from storm_ledger import Ledger, recognise

# What each says when a file went away between its listing and its copying.
TOLERATED = {"tar": (0, 1, 2), "cp": (0, 1), "rsync": (0, 24)}


def command_of(program: str, source: Path, target: Path) -> list[str]:
    """How a person copies a directory with that program."""
    if program == "tar":
        return ["sh", "-c", 'tar -C "$1" -cf - "$2" | tar -C "$3" -xf -',
                "sh", str(source.parent), source.name, str(target.parent)]
    if program == "cp":
        return ["cp", "-a", str(source), str(target)]
    return [tool("rsync"), "-a", f"{source}/", f"{target}/"]


@dataclass
class Copy:
    """One copy: which messages must be in it."""

    program: str
    mailbox: Mailbox
    store: Path
    due: set[int]
    took: float


def make_copy(instance: Instance, ledger: Ledger, program: str,
              mailbox: Mailbox, disk: Path) -> Copy:
    """Copy a mailbox into a store of its own, now."""
    store = disk / f"copied-by-{program}"
    (store / "mailboxes").mkdir(parents=True)
    shutil.copy(instance.store / "format", store / "format")
    target = store / "mailboxes" / mailbox.id
    command = command_of(program, instance.folder(mailbox), target)
    began = time.monotonic()
    done = subprocess.run(command, check=False, env=tool_env(command[0]),
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    ended = time.monotonic()
    check(done.returncode in TOLERATED[program],
          f"{program} ended with {done.returncode}: {done.stdout[-300:]!r}")
    return Copy(program, mailbox, store, ledger.due(mailbox.id, began, ended),
                ended - began)


def open_copy(instance: Instance, ledger: Ledger, copy: Copy) -> int:
    """Log in to the copy; how many messages it has."""
    conf = instance.variant(f"copy-{copy.program}", store=copy.store)
    spawner = Spawner(instance, "pop3-serve", "--tls=starttls", conf)
    client, process = spawner.open()
    pop3 = Pop3(Wire(client), instance.context)
    pop3.login(copy.mailbox.id, copy.mailbox.password)
    places = list(pop3.list())
    random.shuffle(places)
    numbers = [recognise(pop3.retr(place)) for place in places]
    pop3.quit()
    spawner.close()
    check(process.wait() == 0, "pop3-serve failed on the copy")
    check(None not in numbers, f"{numbers.count(None)} messages of the copy "
          "are not whole")
    twice = ledger.twice(copy.mailbox.id, numbers)
    check(not twice, f"in the copy twice: {twice[:5]}")
    missing = copy.due - set(numbers)
    check(not missing, f"{len(missing)} of {len(copy.due)} messages are not "
          f"in the copy: {sorted(missing)[:10]}")
    check(copy.due, "the copy was made when nothing was waiting: no test")
    return len(numbers)


def check_past(instance: Instance, copy: Copy, retired: str) -> None:
    """What happened to the original is told by the copy; a password that was
    replaced before opens it as little.
    """
    conf = instance.variant(f"copy-{copy.program}", store=copy.store)
    said = subprocess.run(
        [instance.place.prefix / "bin/restante", "-c", conf, "activity",
         copy.mailbox.id], text=True, check=False, capture_output=True,
        **instance.place.as_user)
    check(said.returncode == 0, f"activity: {said.stderr}")
    for program in ("smtp-journal", "pop3-serve"):
        check(program in said.stdout, f"no {program} in its activity")
    spawner = Spawner(instance, "pop3-serve", "--tls=starttls", conf)
    pop3 = Pop3(Wire(spawner.open()[0]), instance.context)
    try:
        pop3.login(copy.mailbox.id, retired)
    except Refused:
        return
    finally:
        spawner.close()
    raise Failure("a retired password opens the copy")


def sizes_of(folder: Path) -> int:
    """Octets of all files below a folder, for a figure."""
    return sum(os.path.getsize(path) for path in folder.rglob("*")
               if path.is_file())
