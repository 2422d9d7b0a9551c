#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""CPU time per connection of smtp-journal under xinetd, with one message of
75 KiB over STARTTLS, beside a baseline: any program that on fd 0 makes a TLS
handshake, greets, reads a line and says goodbye. Both run under the same
xinetd, in turns; the figures are medians of the rounds.

Counted is what xinetd and all the handlers it has waited for used, user and
system, as the kernel sums it up in /proc/PID/stat. That includes what the
handler does after its answer. To compare like with like, link the baseline as
the handler is linked.
"""

import argparse
import os
import statistics
import sys
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "support"))

from harness.certs import NAME
from harness.instance import SHIPPED, Instance, Mailbox
from harness.place import Place
from harness.servers import Xinetd
from harness.wire import Wire

TICK = os.sysconf("SC_CLK_TCK")


def cpu_seconds(pid: int) -> float:
    """CPU of a process and of the children it has waited for."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as stat:
        fields = stat.read().rpartition(")")[2].split()
    return sum(map(int, fields[11:15])) / TICK


def message(size: int) -> bytes:
    """A message of about that size, of ordinary lines."""
    line = b"0123456789abcdef" * 4 + b"\r\n"
    return b"Subject: bench\r\n\r\n" + line * (size // len(line))


def deliver(instance: Instance, mailbox: Mailbox, content: bytes,
            port: int) -> None:
    """One connection, one message."""
    smtp = instance.smtp(port)
    smtp.deliver(mailbox.address, content).want(250)
    smtp.quit()


def greet(instance: Instance, port: int) -> None:
    """One connection to the baseline."""
    wire = Wire.connect(port)
    wire.upgrade(instance.context, NAME)
    wire.line()
    wire.send(b"QUIT\r\n")
    wire.line()
    try:
        wire.sock.unwrap()
    except OSError:
        pass
    wire.close()


def measure(server: Xinetd, count: int, connect: Callable[[], None]) -> float:
    """CPU milliseconds per connection."""
    server.idle()
    begin = cpu_seconds(server.process.pid)
    for _ in range(count):
        connect()
    server.idle()
    return (cpu_seconds(server.process.pid) - begin) / count * 1000


def parse() -> argparse.Namespace:
    """The arguments."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prefix", help="the installation under test "
                        "(default: $RESTANTE_PREFIX)")
    parser.add_argument("--baseline", required=True, metavar="PROGRAM",
                        help="the program to compare with")
    parser.add_argument("--baseline-args", metavar="ARGUMENTS",
                        default="--cert {certificate} --key {key}",
                        help="its arguments (default: %(default)s)")
    parser.add_argument("--size", type=int, default=75 * 1024)
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--connections", type=int, default=40,
                        help="of each kind in each round (default: 40)")
    return parser.parse_args()


def run(args: argparse.Namespace, place: Place) -> None:
    """Measure in turns and print."""
    instance = Instance(place, identity=SHIPPED)
    mailbox = instance.create_mailbox("bench")
    content = message(args.size)
    baseline = (str(Path(args.baseline).resolve()), args.baseline_args.format(
        certificate=instance.tls.certificate, key=instance.tls.key))
    with Xinetd(instance, [("smtp-journal", "--tls=starttls")]) as ours, \
            Xinetd(instance, [baseline]) as theirs:
        ways = {
            "smtp-journal": (ours, lambda: deliver(instance, mailbox, content,
                                                   ours.port)),
            "baseline": (theirs, lambda: greet(instance, theirs.port)),
        }
        for server, connect in ways.values():
            measure(server, 3, connect)
        rounds: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(args.rounds):
            for name, (server, connect) in ways.items():
                rounds[name].append(measure(server, args.connections, connect))
    for name, values in rounds.items():
        print(f"figure cpu-{name} {statistics.median(values):.2f} ms "
              f"({min(values):.2f} to {max(values):.2f})")
    ratios = [a / b for a, b in zip(*rounds.values())]
    print(f"figure cpu-ratio {statistics.median(ratios):.2f} "
          f"({min(ratios):.2f} to {max(ratios):.2f}; {args.rounds} rounds of "
          f"{args.connections} connections, {args.size} octets)")


def main() -> int:
    """Measure and clean up."""
    args = parse()
    place = Place.find(args.prefix)
    failed = True
    try:
        run(args, place)
        failed = False
    finally:
        place.remove(failed)
    return 0


if __name__ == "__main__":
    sys.exit(main())
