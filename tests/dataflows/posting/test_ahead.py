from itertools import count
from threading import Event

import pytest

from dataflows.posting.ahead import ahead


def test_items_come_in_order_and_the_next_is_made_meanwhile() -> None:
    numbers, second_is_made = count(1), Event()

    def make() -> int:
        number = next(numbers)
        if number == 2:
            second_is_made.set()
        return number

    with ahead(make) as take:
        assert take() == 1
        assert second_is_made.wait(5)
        assert [take(), take()] == [2, 3]


def test_what_making_raises_is_raised_to_who_takes() -> None:
    def broken() -> int:
        raise ConnectionError("the broker is away")

    with ahead(broken) as take, pytest.raises(ConnectionError, match="the broker is away"):
        take()
