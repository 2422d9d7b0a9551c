# SPDX-License-Identifier: GPL-3.0-or-later
"""A long way to a server: `-m delay_line ADDRESS SERVER MS PORT…` passes what
comes to a port of ADDRESS on to the same port of SERVER, and each octet, either
way, takes MS milliseconds. Connecting takes none.
"""

import asyncio
import sys

from harness.stub_servers import serve_until_stdin_ends


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
                seconds: float) -> None:
    """One direction; what was read first is written first."""
    loop = asyncio.get_running_loop()
    while octets := await reader.read(1 << 16):
        loop.call_later(seconds, writer.write, octets)
    loop.call_later(seconds, writer.close)


async def listen(address: str, server: str, seconds: float,
                 ports: list[int]) -> None:
    """All ports."""
    def passing(port: int):
        async def accepted(reader: asyncio.StreamReader,
                           writer: asyncio.StreamWriter) -> None:
            there = await asyncio.open_connection(server, port)
            await asyncio.gather(carry(reader, there[1], seconds),
                                 carry(there[0], writer, seconds),
                                 return_exceptions=True)
        return accepted

    for port in ports:
        await asyncio.start_server(passing(port), address, port)
    await asyncio.to_thread(serve_until_stdin_ends)


if __name__ == "__main__":
    asyncio.run(listen(sys.argv[1], sys.argv[2], float(sys.argv[3]) / 1000,
                       [int(port) for port in sys.argv[4:]]))
