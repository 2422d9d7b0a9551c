#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a proxy adds to the time that a client waits: for a login (from the
connection to the last reply), and for a message of 75 KiB, towards one Dovecot
on another host of a network namespace. In every round each way is taken once,
in another order, so that what disturbs the machine disturbs all alike; printed
are medians and the median of the ratios to the direct way of the same round.

Ways: direct; Restante, with TLS to the server, which keeps each message sealed
and synced before its last line; perdition, with TLS but no check of the
certificate; nginx, which can only speak in clear to a server, and to which its
own stub says where to. What is not there is left out: unpack them with
`tests/support/unpack_tools.py nginx-light libnginx-mod-mail perdition`.

Needs root, for the namespace. With --quickack the client acknowledges at once,
which takes away what Nagle's algorithm costs a proxy that has not turned it
off. With --delay MS the server is that far away in each direction, from the
proxies as from the direct client: what a proxy adds then are its round trips
beyond those of the client itself.
"""

import argparse
import random
import socket
import ssl
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.place import Place
from harness.pop3 import Pop3
from harness.proxy_site import ProxySite
from harness.report import Failure, Report
from harness.script import Case, run_script
from harness.servers import Server, free_port
from harness.smtp import Smtp
from harness.tools import tool, tool_env
from harness.upstreams import (ADDRESSES, DOVECOT, FAR, PASSWORD, USER,
                               Upstreams)
from harness.wire import Wire, tls_context

SIZE = 75 * 1024

IN_CLEAR = """
ssl = yes
disable_plaintext_auth = no
"""

NGINX_CONF = """
load_module /usr/lib/nginx/modules/ngx_mail_module.so;
user nobody nogroup;
worker_processes auto;
daemon off;
pid {root}/pid;
error_log {root}/error.log error;
events {{ worker_connections 256; }}
http {{
  access_log off;
  client_body_temp_path {root}/t1; proxy_temp_path {root}/t2;
  fastcgi_temp_path {root}/t3; uwsgi_temp_path {root}/t4;
  scgi_temp_path {root}/t5;
  server {{
    listen 127.0.0.1:{auth};
    location / {{
      add_header Auth-Status OK;
      add_header Auth-Server {server};
      add_header Auth-Port $http_x_port;
      return 204;
    }}
  }}
}}
mail {{
  server_name localhost;
  ssl_certificate {tls.certificate};
  ssl_certificate_key {tls.key};
  auth_http 127.0.0.1:{auth}/;
  server {{
    listen 127.0.0.1:{pop3} ssl;
    protocol pop3;
    pop3_auth plain;
    auth_http_header X-Port 110;
  }}
  server {{
    listen 127.0.0.1:{smtp} ssl;
    protocol smtp;
    smtp_auth plain;
    proxy_smtp_auth on;
    xclient off;
    auth_http_header X-Port 587;
  }}
}}
"""


class Nginx(Server):
    """Nginx's mail proxy for POP3 and SMTP."""

    def __init__(self, site: ProxySite, server: str) -> None:
        super().__init__()
        root = site.instance.place.root / "nginx"
        root.mkdir(mode=0o755)
        program = tool("nginx")
        self.pop3, self.smtp, auth = (free_port() for _ in range(3))
        (root / "conf").write_text(NGINX_CONF.format(
            root=root, server=ADDRESSES[server], auth=auth, pop3=self.pop3,
            smtp=self.smtp, tls=site.instance.tls))
        self.started(subprocess.Popen(
            [program, "-p", str(root), "-e", str(root / "error.log"),
             "-c", str(root / "conf")], stdin=subprocess.DEVNULL,
            env=tool_env(program)), [self.pop3, self.smtp, auth])


class Perdition(Server):
    """Perdition for POP3, with TLS on both sides."""

    def __init__(self, site: ProxySite, server: str) -> None:
        super().__init__()
        root = site.instance.place.root / "perdition"
        root.mkdir(mode=0o755)
        program = tool("perdition")
        (root / "conf").write_text("")
        key = root / "key.pem"
        key.write_bytes(site.instance.tls.key.read_bytes())
        key.chmod(0o600)
        self.pop3, self.smtp = free_port(), 0
        with open(root / "log", "wb") as log:
            self.started(subprocess.Popen(
                [program, "-f", str(root / "conf"), "--no_daemon", "--quiet",
                 "--protocol", "POP3S", "--bind_address", "127.0.0.1",
                 "--listen_port", str(self.pop3), "--outgoing_server",
                 ADDRESSES[server], "--outgoing_port", "995", "--map_library", "", "--no_lookup",
                 "--ssl_mode", "ssl_all", "--ssl_cert_file",
                 str(site.instance.tls.certificate), "--ssl_key_file",
                 str(key), "--ssl_no_cert_verify", "--ssl_no_cn_verify",
                 "--ssl_no_client_cert_verify", "--server_resp_line",
                 "--username", "root", "--group", "root", "--pid_file", ""],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=tool_env(program)), [self.pop3])


class QuickWire(Wire):
    """A connection whose every segment is acknowledged at once."""

    def fill(self) -> None:
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
        super().fill()


class Way:
    """Where and as whom a client connects."""

    def __init__(self, wire: type[Wire], context: ssl.SSLContext,
                 name: str = "localhost", address: str = "127.0.0.1",
                 pop3: tuple[int, str] = (0, USER),
                 smtp: tuple[int, str] = (0, USER)) -> None:
        self.wire, self.context = wire, context
        self.name, self.address = name, address
        self.pop3_port, self.pop3_user = pop3
        self.smtp_port, self.smtp_user = smtp

    def pop3(self) -> Pop3:
        """Connect and log in."""
        wire = self.wire.connect(self.pop3_port, address=self.address)
        pop3 = Pop3(wire, self.context, self.name, implicit=True)
        pop3.login(self.pop3_user, PASSWORD)
        return pop3

    def smtp(self) -> Smtp:
        """Connect and log in."""
        wire = self.wire.connect(self.smtp_port, address=self.address)
        smtp = Smtp(wire, self.context, self.name, implicit=True)
        smtp.auth_plain(self.smtp_user, PASSWORD).want(235)
        return smtp


class Times:
    """What was measured, way by way and round by round."""

    def __init__(self) -> None:
        self.ms: dict[str, dict[str, list[float]]] = {}

    def take(self, what: str, way: str, work: Callable) -> object:
        """Measure one piece of work."""
        start = time.monotonic()
        result = work()
        self.ms.setdefault(what, {}).setdefault(way, []).append(
            (time.monotonic() - start) * 1000)
        return result

    def tell(self, report: Report) -> None:
        """Medians, and ratios of the same round."""
        for what, ways in self.ms.items():
            for way, times in ways.items():
                ratio = statistics.median(
                    a / b for a, b in zip(times, ways["direct"]))
                added = statistics.median(times) - \
                    statistics.median(ways["direct"])
                report.figure(f"{what}-{way}",
                              f"{statistics.median(times):.1f} ms, "
                              f"{added:+.1f} ms, ratio {ratio:.2f} "
                              f"({min(times):.1f} to {max(times):.1f})")


def message(number: int) -> bytes:
    """A message of 75 KiB like no other."""
    line = f"{number:016}{'abcdefgh' * 7}\n".encode()
    return b"Subject: bench\n\n" + line * (SIZE // len(line))


def pop3_round(times: Times, name: str, way: Way, number: int) -> None:
    """Log in, list, fetch the message of this round, leave."""
    pop3 = times.take("pop3-login", name, way.pop3)
    times.take("pop3-uidl", name, pop3.uidl)
    times.take("pop3-retr-75k", name, lambda: pop3.retr(number))
    pop3.quit()


def smtp_round(times: Times, name: str, way: Way, content: bytes) -> None:
    """Log in, send, leave."""
    smtp = times.take("smtp-login", name, way.smtp)
    times.take("smtp-send-75k", name, lambda: smtp.deliver(
        "to@receiver.example", content).want(250))
    smtp.quit()


def one_round(times: Times, ways: list[tuple[str, Way, Server | None]],
              number: int, content: bytes) -> None:
    """Each way once, POP3 and then SMTP."""
    for name, way, _ in random.sample(ways, len(ways)):
        pop3_round(times, name, way, number)
    for name, way, _ in random.sample(ways, len(ways)):
        if way.smtp_port:
            smtp_round(times, name, way, content)


def ways_of(args: argparse.Namespace, upstreams: Upstreams, site: ProxySite,
            server: str) -> Iterator[tuple[str, Way, Server | None]]:
    """Each way, and what must be stopped in the end."""
    wire = QuickWire if args.quickack else Wire
    yield "direct", Way(
        wire, tls_context(str(upstreams.tls.ca)), server, ADDRESSES[server],
        (995, USER), (465, USER)), None
    ours = site.instance.context
    yield "restante", Way(
        wire, ours,
        pop3=(site.port("pop3-proxy", True), site.user(f"{server}:995")),
        smtp=(site.port("smtp-proxy", True), site.user(f"{server}:465"))), None
    for start in (Nginx, Perdition):
        try:
            peer = start(site, server)
        except Failure as why:
            print(f"# {why}")
            continue
        yield start.__name__.lower(), Way(
            wire, ours, pop3=(peer.pop3, USER), smtp=(peer.smtp, USER)), peer


def measure(args: argparse.Namespace, report: Report, upstreams: Upstreams,
            site: ProxySite) -> None:
    """All rounds."""
    dovecot = upstreams.dovecot(extra=IN_CLEAR)
    contents = [message(n) for n in range(args.rounds)]
    dovecot.fill(contents)
    if args.delay:
        upstreams.host.serve("delay_line", ADDRESSES[FAR], dovecot.address,
                             args.delay, 110, 995, 587, 465)
    ways = list(ways_of(args, upstreams, site,
                        FAR if args.delay else DOVECOT))
    times = Times()
    try:
        for number, content in enumerate(contents, 1):
            one_round(times, ways, number, content.replace(b"\n", b"\r\n"))
    finally:
        for _, _, server in ways:
            if server:
                server.stop()
    times.tell(report)


def options(parser: argparse.ArgumentParser) -> None:
    """Ours."""
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--quickack", action="store_true")
    parser.add_argument("--delay", type=float, default=0, metavar="MS")


def cases(place: Place, report: Report,
          args: argparse.Namespace) -> Iterator[Case]:
    """One, all rounds of it."""
    with Upstreams(place) as upstreams, \
            ProxySite(place, upstreams.tls) as site:
        yield "proxy-latency", lambda: measure(args, report, upstreams, site)


if __name__ == "__main__":
    sys.exit(run_script(sys.modules[__name__], cases, options,
                        private_net=True))
