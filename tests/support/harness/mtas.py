# SPDX-License-Identifier: GPL-3.0-or-later
"""Postfix and Exim, run from the unpacked tree with nothing installed.

Each has its configuration, queue and log in a directory of its own, and sends
a copy of every message to one address: Postfix by always_bcc, Exim by an
`unseen` router. The messages themselves go nowhere.
"""

import os
import pwd
import subprocess
from collections.abc import Sequence
from pathlib import Path

from .certs import NAME
from .instance import DOMAIN, Instance
from .servers import Server, free_port
from .tools import tool, tool_env, tree_file

POSTFIX_MAIN = """
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
command_directory = {sbin}
daemon_directory = {lib}/sbin
shlib_directory = {lib}
maillog_file = {root}/log
maillog_file_prefixes = {root}
mail_owner = {owner}
setgid_group = mail
default_privs = nobody
import_environment = MAIL_CONFIG PATH LD_LIBRARY_PATH
export_environment = PATH LD_LIBRARY_PATH MAIL_CONFIG
mydestination =
alias_maps =
alias_database =
inet_protocols = ipv4
mynetworks = 127.0.0.0/8
smtpd_peername_lookup = no
"""

POSTFIX_COPIES = """
myhostname = sender.example
inet_interfaces = 127.0.0.1
smtpd_relay_restrictions = permit_mynetworks reject
always_bcc = {copies}
transport_maps = inline:{{ {{ {domain} = smtp:[127.0.0.1]:{port} }} }}
default_transport = discard:
smtp_tls_security_level = secure
smtp_tls_secure_cert_match = {name}
smtp_tls_CAfile = {ca}
smtp_tls_loglevel = 1
smtp_fallback_relay = {fallback}
"""

POSTFIX_MASTER = """
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
proxymap unix - - n - - proxymap
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
smtp unix - - n - - smtp
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
postlog unix-dgram n - n - 1 postlogd
"""

POSTFIX_QUEUES = {"active": 0o700, "bounce": 0o700, "corrupt": 0o700,
                  "defer": 0o700, "deferred": 0o700, "flush": 0o700,
                  "hold": 0o700, "incoming": 0o700, "maildrop": 0o730,
                  "private": 0o700, "public": 0o710, "saved": 0o700,
                  "trace": 0o700}


def _service_user(*candidates: str) -> str:
    """An existing user to lend to a server: nothing is created."""
    for name in candidates:
        try:
            pwd.getpwnam(name)
        except KeyError:
            continue
        return name
    raise LookupError(f"none of these users exists: {candidates}")


class PostfixTree(Server):
    """A Postfix in a directory of its own; what it is for comes on top."""

    def __init__(self, root: Path) -> None:
        super().__init__()
        self.root = root
        self._directories()

    def run(self, main: str, services: str, ports: Sequence[int],
            enter: Sequence[str] = ()) -> None:
        """Start it with these settings and listeners."""
        program = str(tree_file("usr/lib/postfix/sbin/master"))
        etc = self.root / "etc"
        (etc / "main.cf").write_text(POSTFIX_MAIN.format(
            root=self.root, sbin=Path(tool("postconf")).parent,
            lib=Path(program).parents[1], owner=self.owner) + main)
        (etc / "master.cf").write_text(services + POSTFIX_MASTER)
        with open(self.root / "master.err", "wb") as log:
            self.started(subprocess.Popen(
                [*enter, program, "-c", str(etc), "-d"],
                cwd=self.root / "queue", stdin=subprocess.DEVNULL, stdout=log,
                stderr=log, env=tool_env(program, MAIL_CONFIG=str(etc),
                                         MAIL_LOGTAG="postfix")), ports)

    def _directories(self) -> None:
        self.owner = _service_user("daemon", "bin", "mail")
        uid = pwd.getpwnam(self.owner).pw_uid
        queue = self.root / "queue"
        for folder in (self.root, self.root / "etc", queue, queue / "pid"):
            folder.mkdir(mode=0o755)
        for name, mode in POSTFIX_QUEUES.items():
            (queue / name).mkdir()
            os.chown(queue / name, uid, -1)
            (queue / name).chmod(mode)
        (self.root / "data").mkdir(mode=0o700)
        os.chown(self.root / "data", uid, -1)

    def log_text(self) -> str:
        """What has been logged so far."""
        file = self.root / "log"
        return file.read_text("utf-8", "replace") if file.exists() else ""


class Postfix(PostfixTree):
    """A Postfix that takes mail on `inlet` and copies it to an address.

    Where nobody answers at the port, it tries the one for that case, if any.
    """

    def __init__(self, instance: Instance, copies: str, port: int,
                 fallback: int = 0) -> None:
        super().__init__(instance.place.root / "postfix")
        self.inlet = self.port = free_port()
        self.run(POSTFIX_COPIES.format(copies=copies, domain=DOMAIN, port=port,
                                       name=NAME, ca=instance.tls.ca,
                                       fallback=f"[127.0.0.1]:{fallback}"
                                       if fallback else ""),
                 f"127.0.0.1:{self.inlet} inet n - n - - smtpd\n",
                 [self.inlet])


EXIM_CONF = """
exim_path = {exim}
primary_hostname = sender.example
spool_directory = {root}/spool
log_file_path = {root}/%slog
exim_user = {user}
exim_group = {user}
never_users =
host_lookup =
rfc1413_query_timeout = 0s
local_from_check = false
untrusted_set_sender = *
keep_environment =

begin routers
archive:
  driver = manualroute
  domains = {domain}
  self = send
  transport = archive
  route_list = * 127.0.0.1
copies:
  driver = redirect
  unseen
  data = {copies}
everything:
  driver = accept
  transport = nowhere

begin transports
archive:
  driver = smtp
  port = {port}
  allow_localhost
  hosts_require_tls = *
  tls_verify_certificates = {ca}
  tls_verify_hosts = *
  tls_verify_cert_hostnames =
nowhere:
  driver = appendfile
  file = /dev/null
  user = {user}

begin retry
* * F,1h,1m
"""


class Exim:
    """An Exim that delivers in the foreground, and copies to an address."""

    USER = "Debian-exim"  # compiled in; see mounts.add_users

    def __init__(self, instance: Instance, copies: str, port: int) -> None:
        self.root = instance.place.root / "exim"
        self.root.mkdir(mode=0o755)
        user = pwd.getpwnam(self.USER)
        os.chown(self.root, user.pw_uid, user.pw_gid)
        self.program = tool("exim4")
        self.conf = self.root / "conf"
        self.conf.write_text(EXIM_CONF.format(
            exim=self.program, root=self.root, user=self.USER, domain=DOMAIN,
            copies=copies, port=port, ca=instance.tls.ca))

    def send(self, content: bytes, recipient: str) -> str:
        """Send one message now; what Exim says."""
        done = subprocess.run(
            [self.program, "-C", str(self.conf), "-odf", "-oi",
             "-f", "author@sender.example", recipient],
            input=content, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            env=tool_env(self.program), timeout=300, check=False)
        return done.stdout.decode("utf-8", "replace")

    def log_text(self) -> str:
        """What has been logged so far."""
        return "".join(path.read_text("utf-8", "replace")
                       for path in sorted(self.root.glob("*log")))
