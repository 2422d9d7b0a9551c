# SPDX-License-Identifier: GPL-3.0-or-later
"""A flood, in a process of its own: many connections at once that stay and say
one octet a second.

`load_flood.py PORT CONNECTIONS SOURCES AGAIN`: the connections come from
127.0.1.1 and the SOURCES - 1 addresses behind it. With AGAIN (1) one that was
ended comes back at once. Prints "ready" when each has tried for the first
time, and at the end of its stdin what they met, as JSON.
"""

import asyncio
import collections
import json
import sys

PAUSE = 0.1  # of one that was turned away
LINE = b"NOOP of somebody who takes his time over it\r\n"


class Flood:
    """All of the connections."""

    def __init__(self, port: int, sources: int, again: bool) -> None:
        self.port, self.sources, self.again = port, sources, again
        self.met: collections.Counter = collections.Counter()

    async def connection(self, number: int, tried: asyncio.Event) -> None:
        """One of them."""
        source = f"127.0.1.{1 + number % self.sources}"
        while True:
            try:
                reader, writer = await asyncio.open_connection(
                    "127.0.0.1", self.port, local_addr=(source, 0))
            except OSError as why:
                self.met[type(why).__name__] += 1
            else:
                tried.set()
                await self.stay(reader, writer)
            tried.set()
            if not self.again:
                return
            await asyncio.sleep(PAUSE)

    async def stay(self, reader: asyncio.StreamReader,
                   writer: asyncio.StreamWriter) -> None:
        """Until the server has had enough; note how it began and ended."""
        slow = asyncio.create_task(self.drip(writer))
        try:
            said = await reader.read()
            how = "closed"
        except OSError:
            said, how = b"", "reset"
        finally:
            slow.cancel()
            writer.close()
        last = said.split(b"\r\n")[-2][:9].decode() if said else "nothing"
        self.met[f"{last}, {how}"] += 1

    @staticmethod
    async def drip(writer: asyncio.StreamWriter) -> None:
        """One octet a second."""
        for octet in LINE * 1000:
            writer.write(bytes([octet]))
            await asyncio.sleep(1)

    async def run(self, connections: int) -> None:
        """All at once, until stdin ends."""
        tried = [asyncio.Event() for _ in range(connections)]
        tasks = [asyncio.create_task(self.connection(*pair))
                 for pair in enumerate(tried)]
        await asyncio.gather(*(event.wait() for event in tried))
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.read)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def main() -> None:
    """As the command line says."""
    port, connections, sources, again = map(int, sys.argv[1:])
    flood = Flood(port, sources, bool(again))
    asyncio.run(flood.run(connections))
    print(json.dumps(flood.met))


if __name__ == "__main__":
    main()
