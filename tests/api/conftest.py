"""The API on twins, fresh for each test."""

from collections.abc import Iterator

import pytest

from tests.api.house import House


@pytest.fixture
def house() -> Iterator[House]:
    """An application whose log, books and memory are in this process."""
    built = House()
    with built.client:
        yield built
