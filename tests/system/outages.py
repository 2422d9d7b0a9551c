# SPDX-License-Identifier: GPL-3.0-or-later
"""What a store lives through: a reboot and a power cut in the middle of a load,
a backup while it is in use, and coming back from it.
"""

import time
from collections.abc import Callable, Iterator

import tree
from host import POP3S, STORE, UNIT_FOLDER, Host
from load import collect, compare

from harness.deadline import until
from harness.report import check, equal

SPARE = 2995  # where the copy of the store is served


class Outages:
    """All of it under load, with an account of what was acknowledged."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.machine = host.machine
        self.report = host.report

    def interrupted(self, name: str, interrupt: Callable[[], float]) -> None:
        """A load, in the middle of which the machine goes down and comes up."""
        self.host.empty()
        boot = self.machine.boot_id()
        with self.host.load(name) as load:
            before = load.reach(60)
            seconds = interrupt()
            check(self.machine.boot_id() != boot, "it is the same boot")
            self.host.nothing_failed()
            load.reach(60)
        load.check_replies()
        self.report.figure(
            f"{name}-acknowledged", f"{len(load.acknowledged)}, "
            f"{len(before)} of them before; down for {seconds:.1f} s")
        compare(collect(self.host.pop3()), load.acknowledged)
        self.machine.run("restante", "sweep")
        self.nothing_is_left()
        equal(self.host.waiting(), 0, "messages that wait")
        equal([line for line in
               self.host.complaints(f"{self.host.id}: spool")
               if "half a line" not in line], [],
              "complaints about the spool")
        self.host.nothing_failed()

    def nothing_is_left(self) -> None:
        """Collected and swept: neither messages nor unfinished ones."""
        def left() -> str:
            return self.machine.shell(
                f"cd {self.host.folder} && find tmp cur -type f")
        until(lambda: not left(), 300, f"tmp and cur are empty: {left()}")

    def power_cut(self) -> float:
        """Every process gone between two steps, then a boot."""
        begun = time.monotonic()
        self.machine.kill()
        self.machine.boot()
        return time.monotonic() - begun

    def backup_commands(self, heading: str) -> list[str]:
        """A block of docs/backup.md, as far as it can be run here."""
        return tree.separate(tree.commands_below(heading, "docs/backup.md"))

    def backup(self) -> None:
        """As docs/backup.md says, while mail comes in; opened elsewhere."""
        self.host.empty()
        command = next(line for line in self.backup_commands("Backup")
                       if line.startswith("tar "))
        with self.host.load("backup") as load:
            load.reach(60)
            before = dict(load.acknowledged)
            done = self.machine.run("sh", "-c", command, want=None)
            # 1: a file changed as we read it, and it should have.
            check(done.returncode in (0, 1), f"{command}: {done.stderr}")
            load.reach(20)
        load.check_replies()
        self.opened_elsewhere(before)
        found = collect(self.host.pop3())
        compare(found, load.acknowledged)
        self.restored_in_place(before)
        self.host.nothing_failed()

    def opened_elsewhere(self, before: dict[str, str]) -> None:
        """The copy in another place, in a store of its own."""
        chown = tree.commands_below("Restoring", "docs/backup.md", 2).strip()
        check(chown.endswith(STORE), f"not the giving of files: {chown}")
        self.machine.shell(f"""
            mkdir -p /srv/copy && tar -C /srv/copy -xpf restante.tar
            # As if its users had other numbers there.
            chown -R 12345:12346 /srv/copy/restante
            {chown.replace(STORE, "/srv/copy/restante")}
            sed 's|^#* *store *=.*|store = "/srv/copy/restante"|' \\
                /etc/restante/restante.conf >/srv/copy/restante.conf
            grep -q '^store = "/srv/copy' /srv/copy/restante.conf
            cd {UNIT_FOLDER}
            sed 's|^ListenStream=.*|ListenStream={SPARE}|' \\
                restante-pop3s-serve.socket >/run/systemd/system/copy.socket
            sed -e 's|^ExecStart=[^ ]*|& -c /srv/copy/restante.conf|' \\
                -e 's|^ReadWritePaths=.*|& /srv/copy/restante|' \\
                -e 's|^Requires=.*|Requires=copy.socket|' \\
                restante-pop3s-serve.service \\
                >/run/systemd/system/copy.service
            systemctl daemon-reload && systemctl start copy.socket""")
        found = collect(self.host.pop3(SPARE), delete=False)
        compare(found, before)
        self.report.figure("backup", f"{len(before)} acknowledged before it "
                           f"began, {len(found)} in the copy")
        self.machine.shell("""
            systemctl stop copy.socket
            rm -r /srv/copy /run/systemd/system/copy.socket \\
                /run/systemd/system/copy.service
            systemctl daemon-reload""")

    def restored_in_place(self, before: dict[str, str]) -> None:
        """The store is gone, and comes back from the backup."""
        session = self.host.smtp()
        self.machine.shell(f"rm -r {STORE}")
        for command in self.backup_commands("Restoring"):
            self.machine.shell(command)
        equal(session.wire.sock.recv(1), b"", "a session of before")
        found = collect(self.host.pop3())
        compare(found, before)
        self.machine.shell("rm restante.tar")
        self.host.round_trip(POP3S, "after-restoring")

    def cases(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """All of them, in their order."""
        yield "reboot", lambda: self.interrupted("reboot", self.machine.reboot)
        yield "power-cut", lambda: self.interrupted("power-cut", self.power_cut)
        yield "backup-and-restore", self.backup
