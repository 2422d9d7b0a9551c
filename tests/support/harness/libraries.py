# SPDX-License-Identifier: GPL-3.0-or-later
"""Libraries that programs send and fetch mail with, each by a small program of
tests/interop/libraries: JavaMail, nodemailer and node-pop3, PHPMailer, Perl's
Net::SMTP and Net::POP3, Ruby's net/pop; and neomutt. They check the certificate.
"""

import os
import subprocess
from pathlib import Path

from .neomutt import Neomutt
from .node import node_modules
from .place import Place
from .report import check
from .tools import TREE, tool, tool_env, tool_like, tree_file

HERE = Path(__file__).resolve().parents[2] / "interop/libraries"
MODULES = ("usr/lib/ruby/[0-9]*", "usr/lib/*-linux-gnu/ruby/[0-9]*",
           "usr/lib/ruby/gems/*/gems/net-p*/lib")


class Libraries:
    """How each is started. Who logs in, if anybody, is set before it is."""

    def __init__(self, place: Place, authority: Path) -> None:
        self.place, self.authority = place, authority
        self.port = 0
        self.implicit = False  # for those that fetch
        self.user, self.password = "", ""

    def run(self, command: list[str], **more: str) -> None:
        """A program must say that it succeeded."""
        env = {**os.environ, **tool_env(command[0], **more)}
        if self.user:
            env |= {"MAIL_USER": self.user, "MAIL_PASSWORD": self.password}
        done = subprocess.run(command, timeout=120, check=False, env=env,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT)
        check(done.returncode == 0,
              f"{Path(command[0]).name} ended with {done.returncode}: "
              f"{done.stdout.decode('utf-8', 'replace')[-900:]}")

    def _trust(self) -> Path:
        """The authority has to be in a store of Java's own."""
        store = self.place.root / "trust"
        if not store.exists():
            self.run([tool("keytool"), "-importcert", "-noprompt",
                      "-storepass", "changeit", "-keystore", str(store),
                      "-file", str(self.authority)])
        return store

    def _classes(self, jars: str) -> Path:
        """Compiled once: java would do it again with each start."""
        classes = self.place.root / "classes"
        if not classes.exists():
            self.run([tool("javac"), "-cp", jars, "-d", str(classes),
                      *map(str, HERE.glob("*.java"))])
        return classes

    def _java(self, program: str, *args: str) -> None:
        """What is started once gains nothing by the better compiler."""
        jars = ":".join(str(tree_file(f"usr/share/java/{name}.jar"))
                        for name in ("javax.mail", "javax.activation"))
        self.run([tool("java"), "-XX:TieredStopAtLevel=1", "-cp",
                  f"{jars}:{self._classes(jars)}", program, str(self.port),
                  str(self._trust()), *args])

    def _node(self, program: str, *args: str) -> None:
        self.run([tool("node"), str(HERE / program), str(self.port),
                  str(self.authority), *args],
                 NODE_PATH=str(node_modules(HERE)))

    def _perl(self, program: str, *args: str) -> None:
        """TLS and SASL are from the tree."""
        modules = [TREE / "usr/share/perl5",
                   *TREE.glob("usr/lib/*-linux-gnu/perl5/*")]
        self.run([tool("perl"), str(HERE / program), str(self.port),
                  str(self.authority), *args],
                 PERL5LIB=":".join(map(str, modules)))

    # --- sending: two messages or more in one session, under STARTTLS -----

    def javamail(self, sender: str, to: str, subjects: list[str]) -> None:
        """JavaMail."""
        self._java("Send", sender, to, *subjects)

    def nodemailer(self, sender: str, to: str, subjects: list[str]) -> None:
        """Nodemailer, from npm."""
        self._node("send.js", sender, to, *subjects)

    def phpmailer(self, sender: str, to: str, subjects: list[str]) -> None:
        """PHPMailer, as Debian has it."""
        library = tree_file("usr/share/php/libphp-phpmailer/src")
        modules = [f"-dextension={path}" for path in
                   sorted(tree_file("usr/lib/php").glob("*/openssl.so"))]
        self.run([tool_like("php8.[0-9]"), *modules, str(HERE / "send.php"),
                  str(library), str(self.port), str(self.authority), sender,
                  to, *subjects])

    def net_smtp(self, sender: str, to: str, subjects: list[str]) -> None:
        """Perl's Net::SMTP."""
        self._perl("send.pl", sender, to, *subjects)

    def neomutt(self, sender: str, to: str, subjects: list[str]) -> None:
        """Neomutt: one session a message."""
        for subject in subjects:
            Neomutt(self.place, self.authority).send(
                subject, to, b".\n..two dots\n8 bits: \xc3\xa4\n",
                sender=sender, port=self.port, user=self.user,
                password=self.password)

    # --- fetching: everything by RETR, deleted -----------------------------

    def _fetched(self, name: str, fetch, *args: str) -> list[bytes]:
        """What the program has written, message by message."""
        out = self.place.folder(name)
        fetch(*args, "implicit" if self.implicit else "stls", str(out))
        return [path.read_bytes() for path in sorted(out.iterdir())]

    def fetch_javamail(self, name: str) -> list[bytes]:
        """JavaMail gives the octets as they come."""
        return self._fetched(name, self._java, "Fetch")

    def fetch_node_pop3(self, name: str) -> list[bytes]:
        """Node-pop3, from npm; the dots stay doubled."""
        return self._fetched(name, self._node, "fetch.js")

    def fetch_net_pop3(self, name: str) -> list[bytes]:
        """Perl's Net::POP3 gives lines that end in LF."""
        return self._fetched(name, self._perl, "fetch.pl")

    def fetch_ruby(self, name: str) -> list[bytes]:
        """Ruby's net/pop."""
        paths = [path for pattern in MODULES for root in (TREE, Path("/"))
                 for path in sorted(root.glob(pattern))]

        def fetch(program: str, *args: str) -> None:
            self.run([tool("ruby"), "--disable-gems", str(HERE / program),
                      str(self.port), str(self.authority), *args],
                     RUBYLIB=":".join(map(str, paths)))
        return self._fetched(name, fetch, "fetch.rb")

    def fetch_neomutt(self, name: str) -> list[bytes]:
        """Neomutt in a terminal, into a maildir."""
        return Neomutt(self.place, self.authority).fetch(
            name, port=self.port, user=self.user, password=self.password,
            scheme="pops" if self.implicit else "pop")
