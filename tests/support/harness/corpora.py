# SPDX-License-Identifier: GPL-3.0-or-later
"""Mail that broke parsers: the data folders of two Debian packages, Python's
test suite and enmime's, every file of them taken as bytes.
"""

from pathlib import Path

from .report import check
from .tools import TREE

CORPORA = {
    "python": "usr/lib/python3.*/test/test_email/data",
    "enmime": "usr/share/gocode/src/github.com/jhillyerd/enmime/testdata",
}


def files_of(corpus: str) -> list[Path]:
    """Every file of a corpus."""
    folder = CORPORA[corpus]
    places = [place for root in (Path("/"), TREE)
              for place in root.glob(folder)]
    files = sorted(path for place in places[:1] for path in place.rglob("*")
                   if path.is_file())
    check(len(files) > 30, f"only {len(files)} files in {folder}")
    return files
