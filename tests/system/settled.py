# SPDX-License-Identifier: GPL-3.0-or-later
"""Units and rights: what an installed host lets a handler do, and how it takes
a crowd, a store that is missing and a new certificate.
"""

import re
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from host import CLONE, POP3, POP3S, SMTP, SOCKETS, STORE, UNIT_FOLDER, Host
from load import collect, eventually, flood, message

from harness.deadline import until
from harness.report import check, equal
from harness.wire import Wire

# Tried in a unit of ours, in place of the handler.
PROBE_PATH = "/usr/local/bin/restante-probe"
PROBE = """#!/bin/bash
cd {mailbox} || echo cd=denied
try() {{
	name=$1; shift
	if "$@"; then echo "$name=done"; else echo "$name=denied"; fi
}}
append() {{ (: >>"$1"); }}
dial() {{ (: <>/dev/tcp/127.0.0.1/{pop3}); }}
exec 2>/dev/null
echo "user=$(id -un) group=$(id -gn)"
try read-settings test -r mailbox.conf
try read-identity test -r identity.age
try message touch tmp/probe
try keep ln tmp/probe cur/probe
try remove rm tmp/probe cur/probe
try leave touch gone/probe
try spool touch spool/probe
rm -f gone/probe spool/probe
try lost touch lost/probe
try write-admin-spool append admin.spool
try lock append lock
try write-settings append mailbox.conf
try write-identity append identity.age
try remove-identity mv identity.age tmp/
try new-identity touch identity.age.next
try write-spool append admin.spool
try write-lost touch lost/probe
try replace-folder mv cur new
try new-mailbox mkdir ../mbx-{zeros}
try write-format append {store}/format
try write-configuration append /etc/restante/restante.conf
try write-certificate append /etc/restante/tls/fullchain.pem
try write-home touch {store}/probe
try read-clone test -r {clone}/README.md
try dial dial
"""
ALLOWED = {"read-settings", "read-identity", "message", "keep",
           "remove", "leave", "spool", "lock"}


class Settled:
    """A host in ordinary service."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self.machine = host.machine
        self.report = host.report

    def units_verify(self) -> None:
        """systemd-analyze verify prints nothing at all."""
        done = self.machine.shell(
            f"systemd-analyze verify {UNIT_FOLDER}/restante-* 2>&1")
        equal(done, "", "systemd-analyze verify")

    def exposure(self) -> None:
        """Below 2 for each template."""
        names = self.machine.shell(
            f"cd {UNIT_FOLDER} && ls restante-*.service").split()
        check(len(names) >= 4, f"units: {names}")
        for name in names:
            said = self.machine.run(
                "systemd-analyze", "security", "--offline=true", "--no-pager",
                f"{UNIT_FOLDER}/{name}").stdout
            level = re.search(r"exposure level for .*: ([\d.]+)", said)
            check(level, f"no exposure of {name}: {said[-300:]}")
            self.report.figure(f"exposure-{name}", level.group(1))
            check(float(level.group(1)) < 2.0, f"{name}: {level.group(1)}")

    def rights_on_disk(self) -> None:
        """Owners and modes as docs/store.md has them."""
        wanted = {".": "2750", "mailbox.conf": "640", "identity.age": "640",
                  "tmp": "2770", "cur": "2770", "gone": "2770", "spool": "2770",
                  "lost": "2750", "lock": "660"}
        rights = {f"{self.host.folder}/{name}":
                  f"{mode} restante-admin:restante"
                  for name, mode in wanted.items()}
        rights |= {STORE: "2750 restante-admin:restante",
                   f"{STORE}/mailboxes": "2750 restante-admin:restante",
                   "/etc/restante/tls/privkey.pem": "640 root:restante"}
        for path, right in rights.items():
            equal(self.host.right(path), right, path)
        strangers = self.machine.run(
            "setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups",
            "ls", STORE, want=None)
        check(strangers.returncode != 0, "nobody may list the store")

    def rights_in_unit(self) -> None:
        """What a handler may do that was taken over: tried in its unit."""
        said = "/root/probe.txt"
        change = f"[Service]\nExecStart=\nExecStart={PROBE_PATH}\n" \
                 f"StandardOutput=file:{said}\n"
        service = "restante-smtp-journal.service"
        with self._probe_installed(), self.host.drop_in(service, change):
            self.machine.run("systemctl", "stop", service)
            self.machine.run("systemctl", "start", "--wait", service)
        self._check_probe(self.host.inside(said).read_text("utf-8"))
        self.host.inside(said).unlink()

    def rights_in_template(self) -> None:
        """The same where each connection has a unit."""
        change = f"[Service]\nExecStart=\nExecStart={PROBE_PATH}\n"
        with self._probe_installed(), \
                self.host.drop_in(SOCKETS[SMTP], "[Socket]\nAccept=yes\n"), \
                self.host.drop_in("restante-smtp-journal@.service", change):
            self._reopen(SOCKETS[SMTP])
            wire = Wire.connect(SMTP)
            text = bytearray()
            while more := wire.sock.recv(1 << 16):
                text += more
        self._check_probe(text.decode())

    def _reopen(self, socket: str) -> None:
        """With what its files say of Accept=: not restarted, for that would
        start the service anew, too."""
        self.machine.shell(f"systemctl stop {socket}; systemctl start {socket}")

    @contextmanager
    def _probe_installed(self) -> Iterator[None]:
        probe = self.host.inside(PROBE_PATH)
        probe.write_text(PROBE.format(
            mailbox=self.host.folder, store=STORE, clone=CLONE, pop3=POP3,
            zeros="0" * 32), "ascii")
        probe.chmod(0o755)
        yield
        probe.unlink()

    def _check_probe(self, text: str) -> None:
        said = dict(re.findall(r"([\w-]+)=(\S+)", text))
        self.report.note(f"probe: {said}")
        equal((said.pop("user", ""), said.pop("group", "")),
              ("restante", "restante"), "the handler's user")
        check(len(said) >= 20, f"the probe ended early: {said}")
        equal({name for name, what in said.items() if what == "done"},
              ALLOWED, "what a handler may do")
        self.host.nothing_failed()

    def spool_in_use(self) -> None:
        """Handlers in their units write the spool; the sweep reads it."""
        self.host.deliver("counted")
        until(lambda: self.host.waiting() == 1, 300, "one message waits")
        self.machine.run("grep", "-q", "^kept ",
                         f"{self.host.folder}/spool/local.1")
        self.machine.run("systemctl", "start", "restante-sweep.service")
        status = self.machine.run("systemctl", "show", "--value", "--property",
                                  "ExecMainStatus", "restante-sweep.service")
        equal(status.stdout.strip(), "0", "how the sweep in its unit ended")
        self.host.empty()
        equal(self.host.waiting(), 0, "messages that wait after collecting")
        equal(self.host.complaints(f"{self.host.id}: spool"), [],
              "complaints about the spool")

    def store_absent(self) -> None:
        """A store that is not mounted: 451, never 550, and then it is back."""
        machine = self.machine
        machine.shell(f"mv {STORE} {STORE}.away && "
                      "systemd-tmpfiles --create restante.conf")
        try:
            for _ in ("an empty directory", "no directory"):
                reply = self.host.smtp().envelope(self.host.mailbox["address"])
                check(reply.code == 451, f"reply {reply} instead of 451")
                machine.shell(f"rm -rf {STORE}")
        finally:
            machine.shell(f"rm -rf {STORE} && mv {STORE}.away {STORE}")
        self.host.round_trip(POP3S, "store-is-back")
        self.host.nothing_failed()

    def busy_socket(self) -> None:
        """400 connections within two seconds: the socket stays."""
        took, greeted = flood(SMTP, 400, 8, 30)
        self.report.figure("flood-400-connections", f"{took:.2f} s, "
                           f"{greeted} greeted")
        check(took < 2, f"connecting took {took:.1f} s: not busy enough")
        self.host.nothing_failed()
        self.mail_passes("after-flood")
        self.host.nothing_failed()

    def mail_passes(self, token: str) -> None:
        """As soon as the sessions of the flood have ended."""
        eventually(lambda: self.host.smtp().quit(), 60, "a session")
        self.host.round_trip(POP3S, token)

    def busy_socket_control(self) -> None:
        """The same flood against systemd's own limit: it is strong enough."""
        unit = SOCKETS[SMTP]
        default = ("[Socket]\nAccept=yes\nTriggerLimitIntervalSec=2s\n"
                   "TriggerLimitBurst=200\n")
        with self.host.drop_in(unit, default):
            self._reopen(unit)
            flood(SMTP, 400, 8, 30)
            state = self.machine.run("systemctl", "is-active", unit,
                                     want=None).stdout.strip()
        self.machine.shell(f"systemctl reset-failed {unit}; "
                           f"systemctl restart {unit}")
        self.report.figure("flood-with-systemd-default", state)
        equal(state, "failed", "the socket under systemd's default limit")
        self.mail_passes("after-control")
        self.host.nothing_failed()

    def renewal(self) -> None:
        """The deploy hook, and the next connection has the new certificate."""
        started = self.machine.shell(
            "systemctl show -p ActiveEnterTimestampMonotonic restante-*.socket")
        old = {port: self.host.served(port) for port in SOCKETS}
        running = self.host.smtp()
        lineage = f"/etc/letsencrypt/live/{self.host.name}"
        previous = self.machine.shell(f"readlink -f {lineage}/privkey.pem")
        self.host.renew()
        hook = "/usr/libexec/restante/certificate-hook"
        torn = self.machine.run(hook, f"{lineage}/fullchain.pem",
                                previous.strip(), want=None)
        check(torn.returncode != 0, "a key of another certificate was taken")
        check(self.host.served(SMTP) == old[SMTP], "the torn pair is served")
        self.machine.run(hook, env={"RENEWED_LINEAGE": lineage,
                                    "RENEWED_DOMAINS": self.host.name})
        new = ssl.PEM_cert_to_DER_cert(
            self.host.certificate.certificate.read_text("ascii"))
        for port, octets in old.items():
            check(octets != new, "the certificate was not a new one")
            check(self.host.served(port) == new, f"{port} serves the old one")
        running.deliver(self.host.mailbox["address"],
                        message("running")).want(250)
        running.quit()
        equal([token for token, _ in collect(self.host.pop3())], ["running"],
              "collected")
        equal(self.machine.shell(
            "systemctl show -p ActiveEnterTimestampMonotonic "
            "restante-*.socket"), started, "when the sockets were started")

    def cases(self) -> Iterator[tuple[str, Callable[[], object]]]:
        """All of them, in their order."""
        yield "units-verify", self.units_verify
        yield "units-exposure", self.exposure
        yield "rights-on-disk", self.rights_on_disk
        yield "rights-in-unit", self.rights_in_unit
        yield "rights-in-template", self.rights_in_template
        yield "spool-in-use", self.spool_in_use
        yield "store-absent", self.store_absent
        yield "busy-socket", self.busy_socket
        yield "busy-socket-control", self.busy_socket_control
        yield "renewal", self.renewal
