# SPDX-License-Identifier: GPL-3.0-or-later
"""What the pages are looked at in: an instance with a past, its handlers under
xinetd, the console under lighttpd, and the browser's modules from npm.
"""

import contextlib
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.instance import Instance
from harness.ledger import Ledger
from harness.node import node_modules
from harness.place import Place
from harness.servers import Xinetd
from harness.tools import tool
from harness.web_servers import Lighttpd, with_console
from history import Past, make_history

HERE = Path(__file__).resolve().parent
HANDLERS = (("smtp-journal", "--tls=starttls"),
            ("pop3-serve", "--tls=starttls"))


@contextlib.contextmanager
def console_site(place: Place, pasts: Sequence[Past],
                 gallery: bool = False) -> Iterator[dict]:
    """All that a script in the browser must know, while it runs."""
    instance = with_console(Instance(place))
    Ledger(instance)
    mailboxes = make_history(instance, pasts)
    pictures = place.folder("pictures")
    with Xinetd(instance, HANDLERS) as mail, Lighttpd(instance) as web:
        instance.configure(ports=[f"smtp-journal=127.0.0.1:{mail.ports[0]}",
                                  f"pop3-serve=127.0.0.1:{mail.ports[1]}"],
                           proxy={"upstream-ca": instance.tls.ca})
        yield {
            "url": f"https://localhost:{web.port}", "ca": str(instance.tls.ca),
            "smtp": mail.ports[0], "pop3": mail.ports[1],
            "restante": str(place.prefix / "bin/restante"),
            "ledger": str(place.prefix / "libexec/restante/ledger"),
            "ledgers": str(instance.root / "ledger"),
            "conf": str(instance.conf), "pictures": str(pictures), "gallery": gallery,
            "sessions": str(instance.root / "console/sessions"),
            "chromium": tool("chromium"),
            "mailboxes": [vars(mailbox) for mailbox in mailboxes],
        }


def run_node(place: Place, site: dict, arguments: Sequence[str]) -> int:
    """Run the scenarios as the store's owner; the exit status."""
    home = place.folder("home")
    file = home / "site.json"
    file.write_text(json.dumps(site))
    env = {"PATH": os.environ["PATH"], "HOME": str(home), "TMPDIR": str(home),
           "NODE_PATH": str(node_modules(HERE)), "RESTANTE_SITE": str(file)}
    return subprocess.run(["node", str(HERE / "run.js"), *arguments], env=env,
                          stdin=subprocess.DEVNULL, check=False,
                          **place.as_user).returncode
