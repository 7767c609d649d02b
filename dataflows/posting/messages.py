"""From messages to what the books take, or to dead letters of what they cannot."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Generic, TypeVar

from confluent_kafka import Message

from data_contracts.codec import encode
from data_contracts.dead_letter import DeadLetter, masked
from data_contracts.resolution import Resolution
from data_contracts.topics import Topic
from data_contracts.violation import ContractViolation
from dataflows.posting import metrics
from ledger.arrivals import parse_decision, parse_resolution
from ledger.values import Arrival
from runtime.kafka import Batch, Outbox

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class Request:
    """A resolution, and the message that it came in."""

    resolution: Resolution
    message: Message


@dataclass(slots=True)
class Parsed(Generic[Value]):
    """What the messages of a batch were: values in order, and the rest with reasons."""

    values: list[Value] = field(default_factory=list)
    letters: list[DeadLetter] = field(default_factory=list)


def read_decisions(batch: Batch) -> Parsed[Arrival]:
    """Take each message for a decision of its cell."""

    def parse(message: Message) -> Arrival:
        made_at = datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC)
        return parse_decision(message.value() or b"", batch.partition, made_at)

    return _read(batch, parse)


def read_resolutions(batch: Batch) -> Parsed[Request]:
    """Take each message for a resolution."""
    return _read(batch, lambda message: Request(parse_resolution(message.value() or b""), message))


def _read(batch: Batch, parse: Callable[[Message], Value]) -> Parsed[Value]:
    parsed = Parsed[Value]()
    for message in batch.messages:
        try:
            parsed.values.append(parse(message))
        except ContractViolation as violation:
            parsed.letters.append(dead_letter(batch, message, violation))
    return parsed


def dead_letter(batch: Batch, message: Message, violation: ContractViolation) -> DeadLetter:
    """The message with the reason why it was not taken."""
    value, digest, is_masked = masked(message.value() or b"")
    return DeadLetter(
        topic=batch.topic,
        partition=batch.partition,
        offset=message.offset() or 0,
        code=violation.code,
        pointer=violation.pointer,
        reason=violation.detail,
        value=value,
        key=message.key(),
        original_sha256=digest,
        is_masked=is_masked,
    )


def send_letters(letters: Iterable[DeadLetter], outbox: Outbox, rejected: Topic) -> None:
    """Return when they are safe; after a crash the same ones may be sent again."""
    for letter in letters:
        metrics.UNREADABLE.labels(letter.topic).inc()
        outbox.send(rejected, encode(letter), letter.key, letter.partition)
    outbox.flush()
