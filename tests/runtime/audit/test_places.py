"""Where checkpoints go by URL, and come back from in order of count."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from runtime.audit.chain import Link
from runtime.audit.checkpoints import Checkpoint, Keys
from runtime.audit.places import elsewhere

KEYS = Keys.of("only-for-tests-only-for-tests-only")
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def signed(count: int, head: bytes = bytes(32)) -> Checkpoint:
    return KEYS.sign(Link(count, head), NOON)


def test_objects_come_back_in_order_of_count_with_where_they_stand(tmp_path: Path) -> None:
    place = elsewhere(f"file://{tmp_path}/bank")
    assert list(place.found()) == []
    for count in (2, 10, 1):
        place.add(signed(count))
    assert [each.checkpoint for each in place.found()] == [signed(1), signed(2), signed(10)]
    assert next(place.found()).where == f"{tmp_path}/bank/000000000000001-0000000000000000.json"
    assert place.name == f"file://{tmp_path}/bank"


def test_another_end_with_the_same_count_overwrites_none_and_the_same_is_one(
    tmp_path: Path,
) -> None:
    place = elsewhere(f"file://{tmp_path}")
    for head in (b"a" * 32, b"b" * 32, b"a" * 32):
        place.add(signed(5, head))
    assert [each.checkpoint.head[:2] for each in place.found()] == ["61", "62"]


def test_what_is_no_checkpoint_has_no_count(tmp_path: Path) -> None:
    (tmp_path / "1.json").write_text("something else")
    (found,) = elsewhere(f"file://{tmp_path}").found()
    assert found.checkpoint == Checkpoint(count=0, head="", at="")


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("s4://me:my-word@bucket/folder", "s4: is not known"),
        ("s3://me:my-word@bucket/folder?what=ever", "s3: is not known"),
        ("folder", "nothing: is not known"),
        ("s3://", "no bucket"),
    ],
)
def test_what_names_no_place_is_refused_without_showing_keys(url: str, why: str) -> None:
    with pytest.raises(ValueError, match=why) as refused:
        elsewhere(url)
    assert "my-word" not in str(refused.value)


def test_the_name_of_a_place_does_not_show_keys() -> None:
    place = elsewhere("s3://me:my-word@bucket/folder?region=here")
    assert place.name == "s3://bucket/folder"
