"""Ids made by the batch are those made one by one."""

from hypothesis import given, settings
from hypothesis import strategies as st

from data_contracts import ids
from dataflows.scoring.batch_ids import as_bytes, derived_ids, event_ids
from rules.features.messages import Messages
from tests.factories import a_transaction

PRINTABLE = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
NATURAL_IDS = st.tuples(
    st.text(PRINTABLE, min_size=1, max_size=32), st.text(PRINTABLE, min_size=1, max_size=64)
)


@settings(deadline=None)  # The first call may compile.
@given(st.lists(NATURAL_IDS, min_size=1, max_size=5))
def test_ids_of_a_batch_are_those_of_its_events(natural_ids: list[tuple[str, str]]) -> None:
    messages = Messages.of(
        [a_transaction(tenant=tenant, transaction_id=name) for tenant, name in natural_ids]
    )

    events = event_ids(messages)

    expected = [ids.event_id(tenant, name) for tenant, name in natural_ids]
    assert as_bytes(events) == expected
    assert as_bytes(derived_ids(events, "decision")) == [
        ids.derived_id(event, "decision") for event in expected
    ]


def test_the_longest_natural_id_fits_a_block() -> None:
    tenant, name = "t" * 32, '"\\' * 32

    found = event_ids(Messages.of([a_transaction(tenant=tenant, transaction_id=name)]))

    assert as_bytes(found) == [ids.event_id(tenant, name)]
