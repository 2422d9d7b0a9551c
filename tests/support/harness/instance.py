# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance of Restante: configuration, store, certificate, mailboxes."""

import copy
import os
import shutil
import ssl
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from .certs import EC, NAME, Certificate, make_certificate
from .place import Place
from .pop3 import Pop3
from .report import check
from .smtp import Smtp
from .tools import SYSTEM_PATH
from .wire import Wire, tls_context

DOMAIN = "archive.test"

# What a password costs: in the tests little, for what is shipped is slow on
# purpose (restante.conf(5)); it is asked for where that is what is measured.
CHEAP = {"scrypt-log-n": 10}
SHIPPED = {"scrypt-log-n": 14}


@dataclass
class Mailbox:
    """What `mailbox create` said."""

    id: str
    address: str
    password: str


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (list, tuple)):
        return "{" + ", ".join(_value(item) for item in value) + "}"
    if isinstance(value, int):
        return str(value)
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"


def conf_text(settings: dict) -> str:
    """Settings as restante.conf has them; a dict is a section."""
    lines = []
    for key, value in settings.items():
        if isinstance(value, dict):
            inner = conf_text(value).replace("\n", "\n\t").rstrip("\t")
            lines.append(f"{key} {{\n\t{inner}}}\n")
        else:
            lines.append(f"{key} = {_value(value)}\n")
    return "".join(lines)


class Instance:
    """One instance in a directory of its own below the place."""

    def __init__(self, place: Place, name: str = "instance",
                 store: Path | None = None, made: Certificate | None = None,
                 **changes: object) -> None:
        self.place = place
        self.root = place.folder(name)
        self.store = store or self.root / "store"
        self.logs = self.root / "log"
        self.conf = self.root / "restante.conf"
        for folder in ("tls", "run", "log"):
            (self.root / folder).mkdir(mode=0o755)
            place.give(self.root / folder)
        self.certify(made=made)
        self.settings = {
            "hostname": NAME, "domain": DOMAIN, "store": self.store,
            "runtime": self.root / "run", "identity": CHEAP,
            "tls": {"certificate": self.tls.certificate, "key": self.tls.key},
        }
        shape = os.environ.get("RESTANTE_SHAPE")
        if shape:
            # Tests look at more connections than limits per address allow.
            self.settings["smtp-journal"] = self.settings["pop3-serve"] = {
                "isolation": shape, "max-connections": 2000,
                "max-per-address": 2000}
        self.configure(**changes)
        self._make_store()

    def certify(self, kind: Sequence[str] = EC,
                made: Certificate | None = None) -> None:
        """That certificate, or a new one, with a key of this kind."""
        self.tls = made or make_certificate(self.root / "tls", kind=kind)
        self.place.give(self.tls.key)
        self.tls.key.chmod(0o600)
        self.context = tls_context(str(self.tls.ca))

    def configure(self, **changes: object) -> None:
        """Write restante.conf with these changes; sections are merged."""
        self.settings = merged(self.settings, changes)
        self.conf.write_text(conf_text(self.settings))
        self.conf.chmod(0o644)

    def variant(self, name: str, **changes: object) -> Path:
        """Another configuration file over the same store."""
        path = self.root / f"{name}.conf"
        path.write_text(conf_text(merged(self.settings, changes)))
        return path

    def _make_store(self) -> None:
        if not self.store.exists():
            self.store.mkdir(mode=0o750)
            self.place.give(self.store)
        if not (self.store / "format").exists():
            self.restante("config", "init")

    def restante(self, *args: str, text: str = "", want: int | None = 0,
                 env: dict[str, str] | None = None
                 ) -> subprocess.CompletedProcess:
        """Run the shell command as the store's owner."""
        command = [self.place.handler("mailbox-tool"),
                   "-c", str(self.conf), *args]
        done = subprocess.run(command, input=text, text=True, timeout=300,
                              capture_output=True, check=False,
                              env={"PATH": SYSTEM_PATH, "LC_ALL": "C.UTF-8",
                                   **(env or {})},
                              cwd=self.root, **self.place.as_user)
        check(want is None or done.returncode == want,
              f"restante {' '.join(args)} ended with {done.returncode}: "
              f"{done.stderr}")
        return done

    def create_mailbox(self, name: str = "test", *options: str) -> Mailbox:
        """Make a mailbox."""
        text = self.restante("mailbox", "create", "--porcelain", "--same-name",
                             *options, "--", name).stdout
        said = dict(line.split(": ", 1) for line in text.splitlines() if line)
        return Mailbox(said["id"], said["address"], said["password"])

    def folder(self, mailbox: Mailbox) -> Path:
        """The directory of a mailbox."""
        return self.store / "mailboxes" / mailbox.id

    def kept(self, mailbox: Mailbox) -> list[str]:
        """The names of the messages in it."""
        return sorted(os.listdir(self.folder(mailbox) / "cur"))

    def unfinished(self, mailbox: Mailbox) -> list[str]:
        """What lies in tmp/ and is no ticket of a kept or collected message."""
        kept = {name[:26] for name in self.kept(mailbox)}
        kept |= {name[:26]
                 for name in os.listdir(self.folder(mailbox) / "gone")}
        return sorted(name for name in os.listdir(self.folder(mailbox) / "tmp")
                      if name[:26] not in kept)

    def smtp(self, port: int, implicit: bool = False,
             context: ssl.SSLContext | None = None,
             timeout: float = 120.0) -> Smtp:
        """Connect to smtp-journal and start TLS."""
        return Smtp(Wire.connect(port, timeout), context or self.context,
                    implicit=implicit)

    def pop3(self, port: int, mailbox: Mailbox, implicit: bool = False,
             timeout: float = 120.0) -> Pop3:
        """Connect to pop3-serve, start TLS and log in."""
        pop3 = Pop3(Wire.connect(port, timeout), self.context,
                    implicit=implicit)
        pop3.login(mailbox.id, mailbox.password)
        return pop3

    def collect(self, port: int, mailbox: Mailbox,
                delete: bool = True) -> list[bytes]:
        """Fetch everything from a mailbox that speaks STLS at port."""
        pop3 = self.pop3(port, mailbox)
        messages = []
        for number, size in pop3.list().items():
            content = pop3.retr(number)
            check(len(content) == size, f"LIST said {size} octets, RETR gave "
                  f"{len(content)}")
            messages.append(content)
            if delete:
                pop3.dele(number)
        pop3.quit()
        return messages

    def empty(self, mailbox: Mailbox) -> None:
        """Remove every message behind the programs' back."""
        for name in self.kept(mailbox):
            (self.folder(mailbox) / "cur" / name).unlink()
        for folder in ("tmp", "gone", "spool"):
            path = self.folder(mailbox) / folder
            for entry in list(path.iterdir()):
                if entry.is_dir():
                    shutil.rmtree(entry)
                else:
                    entry.unlink()


def merged(old: dict, changes: dict) -> dict:
    """A deep copy of old with the changes; None removes a key."""
    new = copy.deepcopy(old)
    for key, value in changes.items():
        key = key.replace("_", "-")
        if isinstance(value, dict):
            new[key] = merged(new.get(key, {}), value)
        elif value is None:
            new.pop(key, None)
        else:
            new[key] = value
    return new
