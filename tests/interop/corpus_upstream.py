# SPDX-License-Identifier: GPL-3.0-or-later
"""A server that neither mends nor looks at what passes through it.

`-m corpus_upstream ADDRESS CERTIFICATE KEY FOLDER`: SMTP on 4465 writes each
message to FOLDER/<number>; POP3 on 4995 gives a user the corpus of his name.
"""

import itertools
import sys
from pathlib import Path

from harness.corpora import files_of
from harness.lineends import as_data, unstuffed
from harness.stub_servers import (Peer, listen, pop3, serve_until_stdin_ends,
                                  smtp, tls_server_context)


def maildrop(user: bytes) -> list[bytes]:
    """The files of a corpus, with a last line end."""
    return [as_data(path.read_bytes()) for path in files_of(user.decode())]


def main() -> None:
    """Listen until stdin ends."""
    address, certificate, key, folder = sys.argv[1:]
    context = tls_server_context(certificate, key)
    numbers = itertools.count()

    def keep(content: bytes) -> bytes:
        (Path(folder) / f"{next(numbers):05}").write_bytes(
            unstuffed(content.removesuffix(b".\r\n")))
        return b"250 kept"

    with open("/dev/null", "wb") as log:
        listen(address, 4465, lambda s: smtp(Peer(s, context, True), log,
                                             judge=keep))
        listen(address, 4995, lambda s: pop3(Peer(s, context, True), maildrop))
        serve_until_stdin_ends()


if __name__ == "__main__":
    main()
