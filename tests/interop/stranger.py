# SPDX-License-Identifier: GPL-3.0-or-later
"""A stranger's verifier: written from docs/ledger.md alone, and sharing no code
with anything of ours. Raises Untrue where a ledger is not what it claims.
"""

import base64
import hashlib
import re
import struct
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

ULID = re.compile("[0-7][0-9A-HJKMNP-TV-Z]{25}")
DER = bytes.fromhex("302a300506032b6570032100")  # RFC 8410, before the key
LINE = re.compile(r"[a-z0-9-]+(?: [a-z0-9-]+=(?:[!#$&-<>-~]|%[0-9A-F]{2})*)*")


class Untrue(Exception):
    """What does not hold."""


BROKEN = (Untrue, OSError, ValueError, LookupError, struct.error)


def require(holds: object, what: str) -> None:
    """Or else it is untrue."""
    if not holds:
        raise Untrue(what)


def sha256(data: bytes) -> bytes:
    """Its digest."""
    return hashlib.sha256(data).digest()


def leaf(entry: bytes) -> bytes:
    """Of an entry without its LF."""
    return sha256(b"\0" + entry)


def root(leaves: list[bytes]) -> bytes:
    """RFC 6962 2.1."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else sha256(b"")
    k = 1 << (len(leaves) - 1).bit_length() - 1
    return sha256(b"\1" + root(leaves[:k]) + root(leaves[k:]))


def signed(public: bytes, text: bytes, signature: bytes) -> bool:
    """Did the holder of that Ed25519 key sign it? openssl knows."""
    with tempfile.TemporaryDirectory() as folder:
        names = [Path(folder) / name for name in ("key", "text", "sig")]
        for name, data in zip(names, (DER + public, text, signature)):
            name.write_bytes(data)
        return subprocess.run(
            ["openssl", "pkeyutl", "-verify", "-rawin", "-pubin", "-keyform",
             "DER", "-inkey", names[0], "-in", names[1], "-sigfile", names[2]],
            capture_output=True, check=False).returncode == 0


def read_vkey(text: str) -> tuple[str, bytes]:
    """Name and public key."""
    name, key_id, data = text.rstrip("\n").split("+", 2)
    raw = base64.b64decode(data, validate=True)
    require(len(raw) == 33 and raw[0] == 1, "vkey: no Ed25519 key")
    require(sha256(name.encode() + b"\n" + raw)[:4].hex() == key_id,
            "vkey: its id is another key's")
    return name, raw[1:]


def read_note(note: bytes, vkey: str) -> tuple[str, int, bytes]:
    """Origin, size and root of a checkpoint that this key has signed."""
    name, public = read_vkey(vkey)
    body, _, lines = note.partition(b"\n\n")
    body += b"\n"
    key_id = sha256(name.encode() + b"\n\1" + public)[:4]
    for line in lines.decode().splitlines():
        dash, signer, data = line.split(" ")
        require(dash == "\u2014", "checkpoint: no line of a signature")
        raw = base64.b64decode(data, validate=True)
        if signer == name and raw[:4] == key_id:
            require(signed(public, body, raw[4:]), "checkpoint: not signed")
            origin, size, top = body.decode().splitlines()
            require(origin == name, "checkpoint: of another origin")
            return origin, int(size), base64.b64decode(top, validate=True)
    raise Untrue("checkpoint: not signed by that key")


def read_proof(proof: str, vkey: str, entry: bytes) -> int:
    """The index of an entry that is proved."""
    head, _, note = proof.partition("\n\n")
    first, index, *path = head.split("\n")
    require(first == "c2sp.org/tlog-proof@v1", "proof: of another form")
    require(index.startswith("index "), "proof: no index")
    at = int(index[6:])
    _, size, top = read_note(note.encode(), vkey)
    fn, sn, r = at, size - 1, leaf(entry)
    require(fn <= sn, "proof: beyond the tree")
    for text in path:
        p = base64.b64decode(text, validate=True)
        require(sn, "proof: too long")
        if fn & 1 or fn == sn:
            r = sha256(b"\1" + p + r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = sha256(b"\1" + r + p)
        fn, sn = fn >> 1, sn >> 1
    require(sn == 0 and r == top, "proof: leads elsewhere")
    return at


@dataclass
class Account:
    """What a ledger says, and what of it is proved."""

    origin: str = ""
    key: bytes = b""
    signed: int = 0
    root: bytes = b""
    leaves: list[bytes] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)  # ULID: digest
    collected: dict[str, str] = field(default_factory=dict)
    gone: dict[str, str] = field(default_factory=dict)  # ULID: how
    missing: dict[str, str] = field(default_factory=dict)  # ULID: by
    differs: dict[str, str] = field(default_factory=dict)  # ULID: digest
    behind: tuple[str, str, int, str] | None = None  # act, origin, size, root
    former: list[str] = field(default_factory=list)  # origins
    # What the host's ledger says of others: where, kind, origin, size, root
    others: list[tuple[int, str, str, int, str]] = field(default_factory=list)
    unproved: int = 0  # sessions
    passed_over: int = 0
    kinds: dict[str, int] = field(default_factory=dict)
    refused: dict[str, int] = field(default_factory=dict)  # by reason


def read_entry(entry: bytes) -> tuple[str, dict[str, str]]:
    """Kind, and what it says."""
    text = entry.decode("ascii")
    require(LINE.fullmatch(text) and len(text) <= 1024, f"no line: {text}")
    kind, *pairs = text.split(" ")
    return kind, {key: re.sub("%(..)", lambda m: chr(int(m[1], 16)), value)
                  for key, value in (pair.split("=", 1) for pair in pairs)}


def read_session(entries: list[bytes], at: int, keys: list[str]) -> bool:
    """Does the session at that place count?"""
    says = read_entry(entries[at])[1]
    behind = entries[at + 1:at + 1 + int(says["n"])]
    text, _, signature = entries[at].partition(b" sig=")
    whole = sha256(b"".join(e + b"\n" for e in behind)).hex()
    return whole == says["sha256"] and any(
        signed(bytes.fromhex(key), text, bytes.fromhex(signature.decode()))
        for key in keys)


def judge(entries: list[bytes]) -> Account:
    """Go through them from the first one on."""
    account, keys = Account(), []
    in_spool, spool, in_session, proved = 0, "", 0, False
    for at, entry in enumerate(entries):
        kind, says = read_entry(entry)
        account.kinds[kind] = account.kinds.get(kind, 0) + 1
        require((kind == "ledger") == (at == 0), f"entry {at}: {kind}")
        ours = in_spool == 0
        in_spool -= not ours
        inside = in_session > 0
        in_session -= inside
        if kind == "ledger" and "act" in says:
            account.behind = (says["act"], says["after"], int(says["size"]),
                              says["root"])
        elif ours and kind in ("checkpoint", "adopted", "resumed", "dropped"):
            account.others.append((at, kind, says["origin"], int(says["size"]),
                                   says["root"]))
        elif kind in ("missing", "differs"):
            require(ours, f"entry {at}: a handler's `{kind}`")
            target = account.missing if kind == "missing" else account.differs
            target[says["ulid"]] = says.get("sha256", says["by"])
        elif kind == "taken":
            require(ours, f"entry {at}: a handler's `taken`")
            in_spool, spool = int(says["lines"]), says["spool"]
            account.passed_over += int(says["passed-over"])
        elif kind == "session":
            in_session = int(says["n"])
            proved = read_session(entries, at, keys)
            account.unproved += not proved
        elif kind == "refused":
            require(ours, f"entry {at}: a handler's `refused`")
            account.refused[says["reason"]] = int(says["count"]) + \
                account.refused.get(says["reason"], 0)
        elif kind == "kept":
            account.kept.setdefault(says["ulid"], says["sha256"])
        elif kind == "collected" and inside and proved:
            account.collected[says["ulid"]] = says["sha256"]
        elif kind == "gone" and (not inside or proved):
            account.gone[says["ulid"]] = says["by"]
        elif kind == "key" and (ours or spool.startswith("admin.")):
            if says["what"] == "reset":
                keys = []
            keys += [says["session-key"]] if "session-key" in says else []
    return account


def read_ledger(folder: Path) -> Account:
    """One ledger, by itself."""
    raw = (folder / "entries").read_bytes()
    require(not raw or raw.endswith(b"\n"), "entries: torn")
    entries = raw.split(b"\n")[:-1]
    vkey = (folder / "vkey").read_text()
    origin, size, top = read_note((folder / "checkpoint").read_bytes(), vkey)
    require(size <= len(entries), "entries: fewer than were signed")
    leaves = [leaf(entry) for entry in entries]
    tiles = (folder / "tiles").read_bytes()
    offsets = struct.unpack(f"<{len(entries)}Q",
                            (folder / "offsets").read_bytes())
    at = 0
    for i, entry in enumerate(entries):
        require(tiles[32 * i:32 * i + 32] == leaves[i], f"tiles: entry {i}")
        require(offsets[i] == at, f"offsets: entry {i}")
        at += len(entry) + 1
    require(root(leaves[:size]) == top, "the root is not that of the entries")
    require(read_entry(entries[0])[1]["origin"] == origin,
            "the first entry has another origin")
    account = judge(entries)
    account.origin, account.key = origin, read_vkey(vkey)[1]
    account.signed, account.root, account.leaves = size, top, leaves
    account.others = [other for other in account.others if other[0] < size]
    return account


def hold_against(account: Account, others: list) -> None:
    """Each tree of it that the host's ledger knows is one that it was."""
    for _, kind, origin, size, top in others:
        if kind == "checkpoint" and origin == account.origin:
            require(size <= account.signed, "an older one was put back")
            require(root(account.leaves[:size]).hex() == top,
                    f"the first {size} entries are not those of then")


def former_of(folder: Path, account: Account) -> tuple[str, Path]:
    """The act, and where the one lies that this one goes on behind."""
    act, origin, _, _ = account.behind
    ends = [name.rpartition("/")[2] for name in (origin, account.origin)]
    return act, folder / "former" / (ends[0] if ULID.fullmatch(ends[0])
                                     else ends[1])


def is_named(former: Account, account: Account) -> bool:
    """Is it, to the last entry, the one that this one goes on behind?"""
    return account.behind[1:] == (former.origin, former.signed,
                                  former.root.hex())


def read_others(host: Path, account: Account) -> list:
    """What the host's ledger knows, and those that it goes on behind: where
    they hold, and are the ones that it names or are signed with its key.
    """
    others, now = account.others, account
    while now.behind:
        try:
            former = read_ledger(former_of(host, now)[1])
        except BROKEN:
            break
        if is_named(former, now) or former.key == account.key:
            others = former.others + others
        now = former
    return others


def read_former(folder: Path, account: Account, others: list) -> None:
    """All that this one goes on behind: what was adopted is there, whole."""
    now = account
    while now.behind:
        act, where = former_of(folder, now)
        account.former.append(now.behind[1])
        try:
            former = read_ledger(where)
            require(is_named(former, now), "another one")
            hold_against(former, others)
        except BROKEN as why:
            require(act == "resume", f"{where}: {why}")
        try:
            now = judge([(where / "entries").read_bytes().split(b"\n")[0]])
            now.origin = account.former[-1]
        except BROKEN:
            break


def nothing_is_unknown(account: Account, others: list) -> None:
    """Each that the host's ledger knows is this one, is named by it, was
    dropped, or went on as another one.
    """
    named, unknown = {account.origin, *account.former}, ""
    named |= {other[2] for other in others
              if other[1] in ("adopted", "resumed")}
    whose = account.origin.rpartition("/")[0].rpartition("/")[2]
    for _, kind, origin, _, _ in others:
        if origin.rpartition("/")[0].rpartition("/")[2] != whose:
            continue
        if kind == "dropped":
            unknown = ""
        elif origin not in named:
            unknown = origin
    require(not unknown, f"nothing says what became of {unknown}")


def verify(folder: Path, host: Path | None = None) -> Account:
    """A whole ledger; and what the host's has to say of it."""
    try:
        account, others = read_ledger(folder), []
        if host:
            known = read_ledger(host)
            require(known.key == account.key, "another key than the host's")
            others = read_others(host, known)
        hold_against(account, others)
        read_former(folder, account, others)
        nothing_is_unknown(account, others)
    except BROKEN as why:
        raise Untrue(why) from why
    return account
