# SPDX-License-Identifier: GPL-3.0-or-later
"""rusage.py FILE PROGRAM [ARGUMENT]…: run a program and write to FILE what
the kernel says it used: CPU seconds, and peak resident memory in KiB.

To be started as `python3 -I -S`, so that this process is small: ru_maxrss of
a program is never below that of the process it was forked from.
"""

import os
import sys


def main() -> int:
    """Run, wait, write; the program's exit status."""
    file, program = sys.argv[1], sys.argv[2:]
    pid = os.fork()
    if pid == 0:
        os.execv(program[0], program)
    _, status, usage = os.wait4(pid, 0)
    with open(file + ".new", "w", encoding="ascii") as out:
        out.write(f"{usage.ru_utime + usage.ru_stime:.6f} "
                  f"{usage.ru_maxrss}\n")
    os.rename(file + ".new", file)
    return os.waitstatus_to_exitcode(status) & 0xff


if __name__ == "__main__":
    sys.exit(main())
