#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""The console in Debian's Chromium: scenarios/*.js, each against the real
console, web server, smtp-journal and pop3-serve.

--pictures keeps a picture of each page, light and dark, wide and narrow, with
a dozen mailboxes, in the folder given.
"""

import argparse
import inspect
import shutil
import sys

from history import MANY, SOME
from console_site import console_site, run_node

from harness.place import Place


def main() -> int:
    """Parse the arguments, make the site and run the browser."""
    parser = argparse.ArgumentParser(
        description=inspect.getdoc(sys.modules[__name__]),
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prefix", help="the installation under test "
                        "(default: $RESTANTE_PREFIX)")
    parser.add_argument("--only", default="", metavar="TEXT",
                        help="only scenarios whose name contains this")
    parser.add_argument("--pictures", metavar="DIR")
    args = parser.parse_args()
    place = Place.find(args.prefix)
    status = 1
    try:
        with console_site(place, MANY if args.pictures else SOME,
                          bool(args.pictures)) as site:
            status = run_node(place, site, [args.only])
        if args.pictures:
            shutil.copytree(site["pictures"], args.pictures,
                            dirs_exist_ok=True)
    finally:
        place.remove(status != 0)
    return status


if __name__ == "__main__":
    sys.exit(main())
