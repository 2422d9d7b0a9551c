# SPDX-License-Identifier: GPL-3.0-or-later
"""The main function that all scripts share."""

import argparse
import inspect
import os
import subprocess
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

from .place import Place
from .report import Report, Skip

Case = tuple[str, Callable[[], object]]
NAMESPACE = "RESTANTE_TEST_NAMESPACE"


OWN_PROCESSES = ["--pid", "--fork", "--kill-child", "--mount-proc"]


def enter_private_mounts(net: bool = False, pid: bool = False) -> None:
    """Start over in a mount namespace of our own, where we are root.

    What is mounted then is seen by nobody else and gone when we are. With net
    the network is our own too: nothing but a loopback, until one makes more.
    With pid we see no processes but our own.
    """
    if os.geteuid() == 0 and not os.environ.get(NAMESPACE):
        os.environ[NAMESPACE] = "1"
        os.execvp("unshare", ["unshare", "--mount", "--propagation", "private",
                              *(["--net"] if net else []),
                              *(OWN_PROCESSES if pid else []),
                              sys.executable, *sys.argv])
    if net and os.environ.get(NAMESPACE):
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)


def require_private_mounts() -> None:
    """Skip the case where we may not mount."""
    if not os.environ.get(NAMESPACE):
        raise Skip("needs root, for a mount namespace of its own")


def run_script(module: object,
               cases: Callable[[Place, Report, argparse.Namespace],
                               Iterable[Case]],
               options: Callable[[argparse.ArgumentParser], None]
               = lambda parser: None,
               private_mounts: bool = False,
               private_net: bool = False,
               private_pids: bool = False) -> int:
    """Parse arguments, run the cases, clean up; the exit status."""
    parser = argparse.ArgumentParser(
        description=inspect.getdoc(module),
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prefix", help="the installation under test "
                        "(default: $RESTANTE_PREFIX)")
    parser.add_argument("--only", default="", metavar="TEXT",
                        help="only cases whose name contains this")
    options(parser)
    args = parser.parse_args()
    if private_mounts or private_net or private_pids:
        enter_private_mounts(private_net, private_pids)
    place = Place.find(args.prefix)
    report = Report()
    failed = True
    try:
        report.run_all(cases(place, report, args), args.only)
        failed = report.failed > 0
    except Skip as why:  # none of them can be run here
        report.skip(Path(module.__file__).stem, str(why))
        failed = False
    finally:
        place.remove(failed)
    return report.status()
