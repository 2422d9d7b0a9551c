# SPDX-License-Identifier: GPL-3.0-or-later
"""What the tests with real programs share: an instance of Restante in a
directory of its own, servers in front of it, and clients that say exactly the
bytes they are told to say.

Nothing here knows how Restante works inside. Where a rule of its documents is
needed (line ends, the layout of the store), it is written down a second time.
"""
