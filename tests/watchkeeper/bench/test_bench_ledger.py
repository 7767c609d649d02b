from pathlib import Path

import msgspec
import pytest

from watchkeeper.bench.ledger import Load, measure

FIGURES = (
    "transactions_per_second",
    "hot_account_per_second",
    "one_by_one_per_second",
    "invariants_hold",
)


@pytest.mark.servers
def test_all_three_loads_are_booked_and_the_books_are_sound(tmp_path: Path) -> None:
    load = Load(transactions=300, one_by_one=5, batch=100, accounts=20, warm_up=100, seed=1)
    found = measure(load, tmp_path)

    assert found.invariants_hold
    assert found.offences["I17"] == 0
    assert min(getattr(found, name) for name in FIGURES[:3]) > 0
    assert tuple(msgspec.json.decode(msgspec.json.encode(found)))[-4:] == FIGURES
