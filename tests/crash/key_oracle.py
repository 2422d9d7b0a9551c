# SPDX-License-Identifier: GPL-3.0-or-later
"""What opens what, as Debian's age finds it: nothing of ours judges itself.
Envelopes never change, so that each is tried once with each password or key.
"""

import hashlib
import os
import pty
import re
import subprocess
from pathlib import Path

from harness.tools import tool

KEY_LINE = re.compile(r"^AGE-SECRET-KEY-1[0-9A-Z]+$", re.M)


class Oracle:
    """Asks age, and remembers what it said."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.age = tool("age")
        self.keygen = tool("age-keygen")
        self.known: dict[tuple[bytes, str], tuple[str, ...]] = {}
        self.publics: dict[tuple[str, ...], list[str]] = {}

    def keys_by_password(self, envelope: bytes, password: str
                         ) -> tuple[str, ...]:
        """The key lines in an identity file; none where it does not open."""
        return self._remember(envelope, password, self._type_password)

    def keys_by_identity(self, envelope: bytes, identity: Path
                         ) -> tuple[str, ...]:
        """The same for a recovery identity's file."""
        return self._remember(envelope, str(identity), self._use_identity)

    def recipients(self, lines: tuple[str, ...]) -> list[str]:
        """age1… of key lines."""
        if lines and lines not in self.publics:
            self.publics[lines] = subprocess.run(
                [self.keygen, "-y"], input="\n".join(lines), text=True,
                check=True, capture_output=True).stdout.split()
        return self.publics[lines] if lines else []

    def opens(self, message: Path, lines: tuple[str, ...]) -> bool:
        """Whether key lines open a message."""
        keys = self.folder / "keys"
        keys.write_text("\n".join(lines) + "\n")
        return self._run("-d", "-i", str(keys), "-o", os.devnull,
                         str(message)).returncode == 0

    def seal(self, recipients: list[str], content: bytes, to: Path) -> None:
        """What a receiver does."""
        words = [word for one in recipients for word in ("-r", one)]
        self._run(*words, "-o", str(to), content=content).check_returncode()

    # --- asking --------------------------------------------------------------

    def _remember(self, envelope: bytes, what: str, ask) -> tuple[str, ...]:
        place = (hashlib.sha256(envelope).digest(), what)
        if place not in self.known:
            self.known[place] = ask(envelope, what)
        return self.known[place]

    def _run(self, *args: str, content: bytes = b""
             ) -> subprocess.CompletedProcess:
        return subprocess.run([self.age, *args], input=content, check=False,
                              capture_output=True)

    def _use_identity(self, envelope: bytes, identity: str
                      ) -> tuple[str, ...]:
        done = self._run("-d", "-i", identity, content=envelope)
        return tuple(KEY_LINE.findall(done.stdout.decode()))

    def _type_password(self, envelope: bytes, password: str
                       ) -> tuple[str, ...]:
        """age takes a passphrase from a terminal and nowhere else: without
        one of its session's, from that on stdin.
        """
        sealed, plain = self.folder / "envelope", self.folder / "plain"
        sealed.write_bytes(envelope)
        plain.unlink(missing_ok=True)
        terminal, other = pty.openpty()
        with subprocess.Popen(
                [self.age, "-d", "-o", str(plain), str(sealed)],
                start_new_session=True, stdin=other, stdout=other,
                stderr=other):
            os.close(other)
            self._answer(terminal, password)
        os.close(terminal)
        text = plain.read_text() if plain.exists() else ""
        return tuple(KEY_LINE.findall(text))

    @staticmethod
    def _answer(terminal: int, password: str) -> None:
        said, answered = b"", False
        while True:
            try:
                got = os.read(terminal, 4096)
            except OSError:  # EIO: age has ended
                return
            if not got:
                return
            said += got
            if not answered and b"passphrase" in said:
                os.write(terminal, password.encode() + b"\n")
                answered = True
