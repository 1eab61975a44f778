"""A line between a client and a server that can be cut, as a network can."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from pathlib import Path


class Line:
    """Forwards a port on loopback to a server, a path (unix socket) or a port on loopback.

    ``silence`` lets nothing through and closes nothing, as a pulled cable does. ``cut`` ends all connections
    and takes no new ones, as a firewall does. ``mend`` ends both.
    """

    def __init__(self, server: Path | int) -> None:
        self._server = server
        self._loop = asyncio.new_event_loop()
        self._open = asyncio.Event()
        self._open.set()
        self._refuses = False
        self._writers: set[asyncio.StreamWriter] = set()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self._thread.start()
        self._listener = self._do(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port: int = self._listener.sockets[0].getsockname()[1]

    def __enter__(self) -> Line:
        return self

    def __exit__(self, *_: object) -> None:
        self._do(self._close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def silence(self) -> None:
        """Let nothing through from now on."""
        self._loop.call_soon_threadsafe(self._open.clear)

    def cut(self) -> None:
        """End all connections, and refuse new ones."""
        self._refuses = True
        self._do(self._drop())

    def mend(self) -> None:
        """Let everything through again."""
        self._refuses = False
        self._loop.call_soon_threadsafe(self._open.set)

    def _do(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    async def _drop(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def _close(self) -> None:
        self._listener.close()
        await self._drop()
        here = asyncio.current_task()
        tasks = [task for task in asyncio.all_tasks() if task is not here]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        with suppress(OSError):
            if not self._refuses:
                if isinstance(self._server, Path):
                    there = await asyncio.open_unix_connection(self._server)
                else:
                    there = await asyncio.open_connection("127.0.0.1", self._server)
                self._writers.add(there[1])
                await asyncio.gather(self._pass(reader, there[1]), self._pass(there[0], writer))
                self._writers.discard(there[1])
        self._writers.discard(writer)
        writer.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass on what one side says until it ends; the other side then hears of the end."""
        with suppress(OSError):
            while data := await reader.read(65536):
                await self._open.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort() if writer.transport.is_closing() else writer.close()
