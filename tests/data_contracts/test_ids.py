"""Ids are the same for ever, and no two natural ids share one."""

from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts.ids import derived_id, event_id, text

names = st.text(min_size=1, max_size=64)


@pytest.mark.parametrize(
    ("tenant", "transaction_id", "expected"),
    [
        ("demo", "t-1", "a5a3c58e-b540-87e2-aa9d-85ef8a89b267"),
        ("demo", "t-2", "dc46755f-e3fe-863c-b76f-6acbc16ecea3"),
        ("", "", "6c0b92c1-5ae5-8163-9eb3-3587763713e0"),
        ("bänk", "überweisung-7", "486767d2-6dd6-83fc-b3aa-3230a60d51bc"),
    ],
)
def test_the_event_id_of_a_natural_id_never_changes(
    tenant: str, transaction_id: str, expected: str
) -> None:
    assert text(event_id(tenant, transaction_id)) == expected


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        ("decision", "6129948c-f674-816d-8a46-1a0d5a8d556b"),
        ("outcome", "c29d1303-e7bb-87d4-8d40-baf7ccf6a99c"),
        ("alert", "8e29dd6b-ca5d-8bee-b57e-d3f1d13ac333"),
        ("hold", "3808e7da-9762-8e27-83cf-e8ada53d7ee7"),
    ],
)
def test_the_ids_that_belong_to_an_event_never_change(kind: str, expected: str) -> None:
    assert text(derived_id(event_id("demo", "t-1"), kind)) == expected


@given(names, names)
def test_an_id_is_a_uuid_of_version_8(tenant: str, transaction_id: str) -> None:
    for raw in (event_id(tenant, transaction_id), derived_id(b"x" * 16, "alert")):
        identifier = UUID(bytes=raw)
        assert identifier.version == 8
        assert identifier.variant == RFC_4122
        assert UUID(text(raw)) == identifier


@given(names, st.data())
def test_where_the_tenant_ends_makes_a_difference(name: str, data: st.DataObject) -> None:
    first = data.draw(st.integers(0, len(name)))
    second = data.draw(st.integers(0, len(name)).filter(lambda cut: cut != first))
    assert event_id(name[:first], name[first:]) != event_id(name[:second], name[second:])


@given(st.sets(st.tuples(names, names), max_size=50))
def test_different_natural_ids_have_different_event_ids(pairs: set[tuple[str, str]]) -> None:
    assert len({event_id(*pair) for pair in pairs}) == len(pairs)


def test_each_kind_of_derived_id_is_another() -> None:
    event = event_id("demo", "t-1")
    kinds = ("decision", "outcome", "alert", "hold")
    assert len({event, *(derived_id(event, kind) for kind in kinds)}) == 5
