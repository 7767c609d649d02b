"""From messages to values, or to dead letters of what is none."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TypeVar

import msgspec
from confluent_kafka import Message as KafkaMessage

from casework.values import Rejected
from data_contracts import codec
from data_contracts.dead_letter import DeadLetter, masked
from data_contracts.violation import ContractViolation
from runtime.kafka import Batch, kind_of

Value = TypeVar("Value", bound=msgspec.Struct)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What is taken of a message, wherever it comes from; `kind` is that of a control record."""

    topic: str
    partition: int
    offset: int
    value: bytes
    made_at: datetime
    key: bytes | None = None
    kind: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Messages:
    """Messages of one partition, and where to read it on."""

    topic: str
    partition: int
    next_offset: int
    found: Sequence[Message]

    @classmethod
    def of(cls, batch: Batch) -> "Messages":
        """All messages of a batch."""
        found = [_message(batch, message) for message in batch.messages]
        return cls._with(batch, found)

    @classmethod
    def controls_of(cls, batch: Batch) -> "Messages":
        """The control records of a batch of the log, which is mostly transactions."""
        records = [message for message in batch.messages if kind_of(message) is not None]
        return cls._with(batch, [_message(batch, record) for record in records])

    @classmethod
    def _with(cls, batch: Batch, found: Sequence[Message]) -> "Messages":
        return cls(
            topic=batch.topic,
            partition=batch.partition,
            next_offset=batch.next_offset,
            found=found,
        )


def read(messages: Messages, kind: type[Value]) -> tuple[list[Value], list[Rejected]]:
    """Take each message for what its contract says, or make it a dead letter."""
    values, rejected = [], []
    for message in messages.found:
        try:
            values.append(codec.decode(message.value, kind))
        except ContractViolation as violation:
            rejected.append(Rejected(_dead_letter(message, violation), message.made_at))
    return values, rejected


def _dead_letter(message: Message, violation: ContractViolation) -> DeadLetter:
    value, digest, is_masked = masked(message.value)
    return DeadLetter(
        topic=message.topic,
        partition=message.partition,
        offset=message.offset,
        code=violation.code,
        pointer=violation.pointer,
        reason=violation.detail,
        value=value,
        key=message.key,
        original_sha256=digest,
        is_masked=is_masked,
        kind=message.kind,
    )


def _message(batch: Batch, message: KafkaMessage) -> Message:
    return Message(
        topic=batch.topic,
        partition=batch.partition,
        offset=message.offset() or 0,
        value=message.value() or b"",
        made_at=datetime.fromtimestamp(message.timestamp()[1] / 1000, UTC),
        key=message.key(),
        kind=kind_of(message),
    )
