import pytest
from confluent_kafka import Message

from data_contracts.control import KIND_HEADER
from runtime.kafka import Headers, kind_of


@pytest.mark.parametrize(
    ("headers", "kind"),
    [
        ([], None),
        ([("traceparent", b"00-1")], None),
        ([("traceparent", b"00-1"), (KIND_HEADER, b"rule-set")], "rule-set"),
        ([(KIND_HEADER, b"breaker"), (KIND_HEADER, b"rule-set")], "rule-set"),
        ([(KIND_HEADER, b"")], ""),
        ([(KIND_HEADER, None)], ""),
        ([(KIND_HEADER, b"\xff")], "\N{REPLACEMENT CHARACTER}"),
    ],
)
def test_a_message_with_the_header_is_a_control_record_whatever_stands_in_it(
    headers: Headers, kind: str | None
) -> None:
    assert kind_of(Message(topic="t", value=b"{}", headers=headers)) == kind
