# SPDX-License-Identifier: GPL-3.0-or-later
"""An Ed25519 key of a test's own (RFC 8032), by libsodium."""

import ctypes
import ctypes.util


class Ed25519:
    """A new one."""

    def __init__(self) -> None:
        self._sodium = ctypes.CDLL(ctypes.util.find_library("sodium"))
        public, self._secret = (ctypes.create_string_buffer(n)
                                for n in (32, 64))
        if self._sodium.crypto_sign_keypair(public, self._secret) != 0:
            raise OSError("no key")
        self.public = public.raw

    def sign(self, text: bytes) -> bytes:
        """The 64 octets."""
        signature = ctypes.create_string_buffer(64)
        if self._sodium.crypto_sign_detached(
                signature, None, text, ctypes.c_ulonglong(len(text)),
                self._secret) != 0:
            raise OSError("not signed")
        return signature.raw
