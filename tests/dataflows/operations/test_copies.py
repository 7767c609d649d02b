"""Copies are told from new ids well enough, for as long as was promised."""

import random

from dataflows.operations.copies import Copies


def some_ids(count: int, seed: int = 7) -> list[bytes]:
    source = random.Random(seed)  # noqa: S311  (a seed makes the test the same each time)
    return [source.randbytes(16) for _ in range(count)]


def test_what_was_there_is_known_and_what_was_not_is_new() -> None:
    copies = Copies()
    ids = some_ids(2_000)
    assert not copies.among(ids[:1_000]).any()
    assert copies.among(ids[:1_000]).all()
    assert not copies.among(ids[1_000:]).any()


def test_no_ids_are_no_copies() -> None:
    assert len(Copies().among([])) == 0


def test_full_filters_know_the_last_ids_and_take_few_new_ones_for_copies() -> None:
    copies = Copies(ids_max=10_000, bits=1 << 19)  # About a hundredth of the shipped size.
    ids = some_ids(30_000)
    for start in range(0, 30_000, 500):
        assert copies.among(ids[start : start + 500]).mean() < 0.05
    assert copies.among(ids[-10_000:]).all()
    assert copies.among(some_ids(1_000, seed=8)).mean() < 0.05


def test_what_was_long_ago_is_forgotten() -> None:
    copies = Copies(ids_max=1_000, bits=1 << 19)
    ids = some_ids(5_000)
    for start in range(0, 5_000, 500):
        copies.among(ids[start : start + 500])
    assert not copies.among(ids[:500]).any()
