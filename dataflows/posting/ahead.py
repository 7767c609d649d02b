"""The next batch is read while Postgres is busy with this one."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")


@contextmanager
def ahead(make: Callable[[], Item]) -> Iterator[Callable[[], Item]]:
    """Within the block the call gives what `make` gives, in order, and begins the next at once.

    `make` runs in one thread of its own; what it raises is raised by the call that asks for it.
    """
    with ThreadPoolExecutor(1, thread_name_prefix="ahead") as thread:
        coming = thread.submit(make)

        def take() -> Item:
            nonlocal coming
            item = coming.result()
            coming = thread.submit(make)
            return item

        yield take
