#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the console's page says to enter in other programs: the programs
themselves read it as it is printed, and find in it what it is meant to say.
"""

import html
import re
import sys
from collections.abc import Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.console import run_cgi
from harness.instance import Instance
from harness.mounts import add_users, use_tree_libraries
from harness.mtas import Exim
from harness.place import Place
from harness.pop3_clients import Pop3Clients
from harness.report import Report, check, equal
from harness.script import Case, require_private_mounts, run_script
from harness.tools import SYSTEM_PATH, tool
from harness.web_servers import with_console

SNIPPET = re.compile(r"<summary>([^<]*)</summary>.*?<code>(.*?)</code>",
                     re.DOTALL)


class Snippets(Pop3Clients):
    """The page of one mailbox, and the programs that read it."""

    def __init__(self, place: Place) -> None:
        super().__init__(place, with_console(Instance(
            place, ports=["smtp-journal=2525", "pop3s-serve=9955"]),
            auth="web-server"))
        self.mailbox = self.instance.create_mailbox("alpha")
        path = f"/mailbox/{self.mailbox.id}/connect"
        run = run_cgi(self.instance, "GET", path, REMOTE_USER="anna")
        check(run.page and run.page.status == 200, f"{path}: {run.log}")
        self.texts = {name: html.unescape(text)
                      for name, text in SNIPPET.findall(run.page.text)}

    def filled_in(self) -> None:
        """Each has its values, and none has the name of one."""
        for name, text in self.texts.items():
            check(not re.search(r"\{[a-z]+\}", text), name)
            check(self.mailbox.id in text, name)

    def reads_fetchmail(self) -> None:
        """It refuses options in the wrong order."""
        rc = self.file("fetchmailrc", self.texts["fetchmail"])
        said = self.run([tool("fetchmail"), "-V", "-f", str(rc)],
                        FETCHMAILHOME=str(self.place.root))
        for line in ("(using service 9955) (forcing UIDL use)",
                     "SSL encrypted sessions enabled",
                     "SSL server certificate checking enabled",
                     "(--keep off)"):
            check(line in said, f"{line}: {said}")

    def reads_getmail(self) -> None:
        """With ca_certs alone it checks the certificate."""
        rc = self.file("getmailrc", self.texts["getmail"])
        said = self.run([tool("getmail"), f"--rcfile={rc}", "--dump",
                         f"--getmaildir={self.maildir('Maildir')}"])
        for line in ('ca_certs="/', 'port="9955"', "delete : True",
                     "delivered_to : False",
                     "received : False"):
            check(line in said, f"{line}: {said}")

    def reads_mpop(self) -> None:
        """It asks another program for the password."""
        folder = self.place.folder("bin")
        self.file("bin/pass", "#!/bin/sh\necho secret\n").chmod(0o700)
        rc = self.file("mpoprc", self.texts["mpop"])
        said = self.run([tool("mpop"), "-C", str(rc), "-P", "restante"],
                        PATH=f"{folder}:{SYSTEM_PATH}")
        for line in ("port = 9955", "tls = on", "tls_starttls = off",
                     "keep = off"):
            check(re.search(line.replace(" = ", r"\s+= "), said),
                  f"{line}: {said}")

    def reads_postfix(self) -> None:
        """It names what it does not know."""
        folder = self.place.folder("postfix")
        main = self.texts["Postfix"].partition("# /etc/postfix/transport")[0]
        self.file("postfix/main.cf", main)
        self.file("postfix/master.cf", "")
        said = self.run([tool("postconf"), "-c", str(folder), "-n"])
        lines = [line for line in said.splitlines()
                 if not line.startswith("config_directory = ")]
        equal(sorted(lines), sorted(main.splitlines()), "settings")

    def reads_exim(self) -> None:
        """Recipients are verified as if there were no copies."""
        require_private_mounts()
        add_users(self.place, {Exim.USER: 64999})
        use_tree_libraries(self.place)
        routers, _, transports = \
            self.texts["Exim"].partition("# transports:\n")
        conf = self.file("exim.conf", "keep_environment =\nbegin routers\n"
                         f"{routers}\nbegin transports\n{transports}\n")
        exim = [tool("exim4"), "-C", str(conf)]
        self.run([*exim, "-bV"])
        said = self.run([*exim, "-bP", "router", "archive_copy"])
        for line in ("unseen", "no_verify_recipient", "no_verify_sender",
                     "no_expn"):
            check(line in said.split("\n"), f"{line}: {said}")
        said = self.run([*exim, "-bP", "transport", "archive_smtp"])
        for line in ("hosts_require_tls = *", "tls_verify_hosts = *"):
            check(line in said.split("\n"), f"{line}: {said}")


def cases(place: Place, _: Report, __: object) -> Iterator[Case]:
    """One a program."""
    s = Snippets(place)
    for step in (s.filled_in, s.reads_fetchmail, s.reads_getmail, s.reads_mpop,
                 s.reads_postfix, s.reads_exim):
        yield step.__name__, step


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, private_mounts=True))
