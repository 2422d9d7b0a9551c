# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail that broke parsers: the data folders of two Debian packages, Python's
test suite and enmime's, every file of them taken as bytes.
"""

from pathlib import Path

from .report import check
from .tools import tree_file

CORPORA = {
    "python": "usr/lib/python3.11/test/test_email/data",
    "enmime": "usr/share/gocode/src/github.com/jhillyerd/enmime/testdata",
}


def files_of(corpus: str) -> list[Path]:
    """Every file of a corpus."""
    folder = CORPORA[corpus]
    files = sorted(path for path in tree_file(folder).rglob("*")
                   if path.is_file())
    check(len(files) > 30, f"only {len(files)} files in {folder}")
    return files
