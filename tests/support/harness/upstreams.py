# SPDX-License-Identifier: GPL-3.0-or-later
"""Real servers on the other host: Dovecot for POP3 and submission, Postfix.

Dovecot is run from the unpacked tree, laid under /usr for it, with users of
its own that exist in our namespace alone. Each server has an address and a name
of its own, so that all listen on the standard ports. What they take goes on to
the sink (upstream_sink.py), which also says whose token one is.
"""

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .certs import make_certificate
from .deadline import until
from .mounts import add_hosts, add_users, lay_tree_under_usr
from .mtas import PostfixTree
from .nets import THEIRS, OtherHost
from .place import Place
from .script import require_private_mounts
from .servers import Server, children
from .tools import tool, tool_env
from .upstream_sink import HTTP_PORT, SMTP_PORT

USER, PASSWORD, TOKEN = "joe@provider.test", "a secret %&", "token-of-joe"
LONG_USER, LONG_PASSWORD = "long@provider.test", "a long secret " * 40 + "end"
DOVECOT, POSTFIX = "dovecot.provider.test", "postfix.provider.test"
ONLY_LOGIN, ONLY_XOAUTH2 = "login.provider.test", "xoauth2.provider.test"
FAR = "far.provider.test"  # whatever a script puts there
ADDRESSES = {DOVECOT: THEIRS, POSTFIX: "10.77.0.4", FAR: "10.77.0.7",
             ONLY_LOGIN: "10.77.0.5", ONLY_XOAUTH2: "10.77.0.6"}
USERS = {"dovecot": 64990, "dovenull": 64991, "mailowner": 64992}

DOVECOT_CONF = """
protocols = pop3 submission
listen = {address}
base_dir = {root}/run
state_dir = {root}/run
log_path = {root}/log
instance_name = {name}
hostname = {name}
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
ssl = required
pop3_no_flag_updates = yes
mail_max_userip_connections = 100
submission_relay_host = 127.0.0.1
submission_relay_port = {sink}
service submission-login {{
  inet_listener submissions {{
    port = 465
    ssl = yes
  }}
}}
service auth {{
  unix_listener auth-postfix {{
    mode = 0666
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""

# Certificate, mail and users are said in other words since Dovecot 2.4, which
# wants its version before anything else.
DOVECOT_2_3 = """
mail_location = maildir:~/Maildir
ssl_cert = <{tls.certificate}
ssl_key = <{tls.key}
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {root}/oauth2.conf
}}
passdb {{
  driver = passwd-file
  args = scheme=PLAIN {root}/users
}}
userdb {{
  driver = static
  args = uid=mailowner gid=mailowner home={root}/mail
}}
"""

DOVECOT_2_4 = """
dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
mail_driver = maildir
submission_backend_capabilities = 8BITMIME DSN SIZE
mail_path = ~/Maildir
ssl_server_cert_file = {tls.certificate}
ssl_server_key_file = {tls.key}
oauth2 {{
  introspection_mode = post
  introspection_url = http://127.0.0.1:{http}/
  username_attribute = user
  active_attribute = active
  active_value = true
}}
passdb passwd-file {{
  default_password_scheme = PLAIN
  passwd_file_path = {root}/users
}}
userdb static {{
  fields {{
    uid = mailowner
    gid = mailowner
    home = {root}/mail
  }}
}}
"""

OAUTH2_CONF = """
introspection_mode = post
introspection_url = http://127.0.0.1:{port}/
username_attribute = user
active_attribute = active
active_value = true
"""

POSTFIX_SUBMISSION = """
myhostname = {name}
inet_interfaces = {address}
smtpd_tls_cert_file = {tls.certificate}
smtpd_tls_key_file = {tls.key}
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {auth}
smtpd_recipient_restrictions =
    check_recipient_access inline:{{ {{ nobody@receiver.example = REJECT }} }}
    permit_sasl_authenticated reject
default_transport = smtp:[127.0.0.1]:{sink}
smtp_bind_address = 127.0.0.1
"""

POSTFIX_LISTENERS = """
587 inet n - n - - smtpd -o smtpd_tls_security_level=encrypt
465 inet n - n - - smtpd -o smtpd_tls_wrappermode=yes
"""


@dataclass
class Taken:
    """A message as the sink got it."""

    mail: str
    recipients: list[str]
    content: bytes


class Sink:
    """The end of every message, and the tokens' endpoint."""

    def __init__(self, place: Place, host: OtherHost) -> None:
        self.folder = place.root / "sink"
        self.folder.mkdir()
        host.serve("harness.upstream_sink", self.folder)

    def taken(self, number: int = 1, seconds: float = 20) -> list[Taken]:
        """The messages, once there are that many; they are forgotten."""
        def files() -> list[Path]:
            return sorted(self.folder.glob("*.json"))
        until(lambda: len(files()) >= number, seconds,
              f"{number} messages reach the sink")
        found = []
        for path in files():
            said = json.loads(path.read_text())
            found.append(Taken(said["mail"], said["recipients"],
                               said["content"].encode("latin-1")))
            path.unlink()
        return found


class Upstreams:
    """The other host with its names, certificate and sink; a context."""

    def __init__(self, place: Place) -> None:
        require_private_mounts()
        add_users(place, USERS)
        add_hosts(place, ADDRESSES)
        lay_tree_under_usr()
        self.place = place
        folder = place.root / "upstream-tls"
        folder.mkdir(mode=0o755)
        self.tls = make_certificate(folder, [f"DNS:{n}" for n in ADDRESSES],
                                    "Authority of the providers")
        self.host = OtherHost()
        for address in set(ADDRESSES.values()) - {THEIRS}:
            self.host.also(address)
        self.sink = Sink(place, self.host)
        self.servers: list[Server] = []

    def dovecot(self, name: str = DOVECOT,
                mechanisms: str = "plain login xoauth2 oauthbearer",
                extra: str = "") -> "Dovecot":
        """Start one, with lines of configuration on top."""
        return self._ready(Dovecot(self, name, mechanisms, extra))

    def postfix(self, dovecot: "Dovecot") -> "SubmissionPostfix":
        """Start one that asks this Dovecot who somebody is."""
        return self._ready(SubmissionPostfix(self, dovecot))

    def _ready(self, server: Server) -> Server:
        self.servers.append(server)
        return server

    def __enter__(self) -> "Upstreams":
        return self

    def __exit__(self, *_: object) -> None:
        for server in reversed(self.servers):
            server.stop()
        self.host.__exit__()


class Dovecot(Server):
    """POP3 on 110 and 995, submission on 587 and 465."""

    def __init__(self, upstreams: Upstreams, name: str,
                 mechanisms: str, extra: str = "") -> None:
        super().__init__()
        self.host, self.address = upstreams.host, ADDRESSES[name]
        self.root = upstreams.place.root / name.partition(".")[0]
        self.root.mkdir(mode=0o755)
        self.mail = self.root / "mail"
        self.new = self.mail / "Maildir/new"
        self.empty()
        (self.root / "users").write_text(
            f"{USER}:{{PLAIN}}{PASSWORD}\n"
            f"{LONG_USER}:{{PLAIN}}{LONG_PASSWORD}\n")
        (self.root / "oauth2.conf").write_text(
            OAUTH2_CONF.format(port=HTTP_PORT))
        conf = self.root / "dovecot.conf"
        program = tool("dovecot")
        version = subprocess.run(
            [program, "--version"], env=tool_env(program), check=True,
            text=True, stdout=subprocess.PIPE).stdout
        own = DOVECOT_2_3 if version.startswith("2.3.") else DOVECOT_2_4
        conf.write_text((own + DOVECOT_CONF).format(
            address=self.address, root=self.root, name=name,
            mechanisms=mechanisms, tls=upstreams.tls, sink=SMTP_PORT,
            http=HTTP_PORT) + extra)
        with open(self.root / "err", "wb") as log:
            self.started(subprocess.Popen(
                [*upstreams.host.enter, program, "-F", "-c", str(conf)],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=tool_env(program)), [110, 995, 587, 465])

    def is_listening(self, port: int) -> bool:
        return self.host.is_listening(port, self.address)

    def empty(self) -> None:
        """An empty mailbox, once no session is at work in it."""
        until(lambda: not self.process or not any(
            self._is_session(pid) for pid in children(self.process.pid)),
            300, "Dovecot's sessions have ended")
        shutil.rmtree(self.mail, ignore_errors=True)
        for folder in (self.mail, self.mail / "Maildir",
                       *(self.mail / "Maildir" / name
                         for name in ("tmp", "cur", "new"))):
            folder.mkdir()
            os.chown(folder, USERS["mailowner"], USERS["mailowner"])

    @staticmethod
    def _is_session(pid: int) -> bool:
        try:
            return Path(f"/proc/{pid}/comm").read_text() == "pop3\n"
        except OSError:
            return False

    def fill(self, messages: list[bytes]) -> None:
        """These messages and no others, in their order."""
        self.empty()
        for number, content in enumerate(messages, 1):
            path = self.new / f"{number:05}.test"
            path.write_bytes(content)
            os.chown(path, USERS["mailowner"], USERS["mailowner"])

    def left(self) -> int:
        """How many messages there are."""
        return sum(len(os.listdir(self.mail / "Maildir" / name))
                   for name in ("new", "cur"))


class SubmissionPostfix(PostfixTree):
    """Submission on 587 and 465, with Dovecot's word on logins."""

    def __init__(self, upstreams: Upstreams, dovecot: Dovecot) -> None:
        super().__init__(upstreams.place.root / "postfix")
        self.host = upstreams.host
        self.run(POSTFIX_SUBMISSION.format(
            name=POSTFIX, address=ADDRESSES[POSTFIX], tls=upstreams.tls,
            auth=dovecot.root / "run/auth-postfix", sink=SMTP_PORT),
            POSTFIX_LISTENERS, [587, 465], upstreams.host.enter)

    def is_listening(self, port: int) -> bool:
        return self.host.is_listening(port, ADDRESSES[POSTFIX])
