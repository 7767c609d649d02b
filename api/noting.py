"""Notes for the audit chain are written off the request's way, every second."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress

import psycopg

PAUSE_SECONDS = 1.0

Write = Callable[[], Awaitable[int]]
"""Writes some of what waits, and says how many; where Postgres is away, all goes on waiting."""


@asynccontextmanager
async def kept_writing(write: Write) -> AsyncIterator[None]:
    """Within the block notes are written as they come, at its end the rest of them."""
    task = asyncio.create_task(_write_on(write))
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await _write_all(write)


async def _write_on(write: Write) -> None:
    while True:
        await _write_all(write)
        await asyncio.sleep(PAUSE_SECONDS)


async def _write_all(write: Write) -> None:
    with suppress(psycopg.Error):
        while await write():
            pass
