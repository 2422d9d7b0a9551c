# SPDX-License-Identifier: GPL-3.0-or-later
"""The rule for line ends, written down a second time, from the documents.

Bare LF becomes CRLF, CRs directly before a CRLF are dropped, any other bare CR
becomes a space, a missing last CRLF is added; where the first line cannot be
a header field, an empty line ends the trace header; what stands before a header
is the value of X-Restante-Before-Header, percent-encoded.
"""

import re
import urllib.parse

from .report import check

TRACE_FIELDS = {b"received", b"return-path", b"delivered-to",
                b"x-envelope-to", b"x-original-to", b"x-restante-account",
                b"x-restante-server", b"x-restante-sender",
                b"x-restante-recipient"}
BEFORE = re.compile(rb"\r\nX-Restante-Before-Header:((?:\t[^\r]*\r\n)+)")


def normalised(content: bytes) -> bytes:
    """What is kept of a message that arrived as these bytes."""
    content = re.sub(rb"\r*\n", b"\r\n", content)
    content = re.sub(rb"\r(?!\n)", b" ", content)
    if content and not content.endswith(b"\r\n"):
        content += b"\r\n"
    return content


def passed_on(content: bytes) -> bytes:
    """What a proxy sends on and keeps: a NUL is a space, too."""
    return normalised(content.replace(b"\0", b" "))


def as_data(content: bytes) -> bytes:
    """What DATA really carries: the last line must be ended to end it."""
    return content if content.endswith(b"\r\n") or not content \
        else content + b"\r\n"


def stuffed(content: bytes) -> bytes:
    """Dot-stuffed for DATA (RFC 5321 4.5.2); only CRLF ends a line."""
    if content.startswith(b"."):
        content = b"." + content
    return content.replace(b"\r\n.", b"\r\n..")


def unstuffed(content: bytes) -> bytes:
    """The other way round (RFC 1939 3)."""
    if content.startswith(b"."):
        content = content[1:]
    return content.replace(b"\r\n.", b"\r\n")


def begins_with_field(content: bytes) -> bool:
    """Can the first line be a header field (RFC 5322 2.2)?"""
    return re.match(rb"[!-9;-~]+[ \t]*:", content) is not None


def split_trace(fetched: bytes, sent: bytes) -> bytes:
    """The trace header of a fetched message that ends in what was sent.

    Fails unless it does, and unless the trace header is a header, with an
    empty line behind it exactly where the message itself begins without one.
    """
    kept = normalised(sent)
    moved = BEFORE.search(fetched.split(b"\r\n\r\n", 1)[0] + b"\r\n")
    if moved:
        check(begins_with_field(fetched[moved.end():]), "what stood before a "
              "header is no field's neighbour")
        fetched = (fetched[:moved.start() + 2] +
                   urllib.parse.unquote_to_bytes(
                       re.sub(rb"[\t\r\n]", b"", moved[1])) +
                   fetched[moved.end():])
    check(fetched.endswith(kept), difference(fetched, kept))
    trace = fetched[:len(fetched) - len(kept)]
    wants_empty_line = not moved and not begins_with_field(kept) \
        and not kept.startswith(b"\r\n")
    if wants_empty_line:
        check(trace.endswith(b"\r\n\r\n"), "no empty line behind the trace "
              "header, although the message does not begin with a field")
        trace = trace[:-2]
    _check_trace(trace)
    return trace


def without_trace(content: bytes) -> bytes:
    """What stands behind the trace fields, our own and other servers'."""
    field = re.compile(rb"([!-9;-~]+):[^\r]*\r\n(?:[ \t][^\r]*\r\n)*")
    at = 0
    while (found := field.match(content, at)) \
            and found[1].lower() in TRACE_FIELDS:
        at = found.end()
    return content[at:]


def _check_trace(trace: bytes) -> None:
    check(trace.endswith(b"\r\n"), "the trace header does not end in CRLF")
    fields = re.sub(rb"\r\n[ \t]+", b" ", trace).split(b"\r\n")[:-1]
    for field in fields:
        name = field.split(b":", 1)[0].lower()
        check(name in TRACE_FIELDS, f"no trace field: {field!r}")


def difference(fetched: bytes, kept: bytes) -> str:
    """Say where two messages differ, seen from their ends."""
    same = 0
    for a, b in zip(reversed(fetched), reversed(kept)):
        if a != b:
            break
        same += 1
    got = fetched[max(0, len(fetched) - same - 40):len(fetched) - same + 10]
    wanted = kept[max(0, len(kept) - same - 40):len(kept) - same + 10]
    return (f"differs {same} octets before the end: got {got!r}, "
            f"wanted {wanted!r} ({len(fetched)} and {len(kept)} octets)")
