"""What waits to be archived, and for how long."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from dataflows.archiving.columns import Message

ROWS_MAX = 10_000
BYTES_MAX = 32 * 1024 * 1024
QUIET = timedelta(seconds=1)

_LATER = datetime.max.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True, kw_only=True)
class Patience:
    """No row waits longer than `longest`; where nothing comes for `quiet`, none waits at all."""

    longest: timedelta
    quiet: timedelta = QUIET
    rows_max: int = ROWS_MAX
    bytes_max: int = BYTES_MAX


@dataclass(slots=True)
class Buffer:
    """Messages in order, with the times when the first and the last of them came."""

    patience: Patience
    messages: list[Message] = field(default_factory=list)
    size: int = 0
    first_at: datetime = _LATER
    last_at: datetime = _LATER

    def add(self, messages: Sequence[Message], now: datetime) -> None:
        """Let messages wait; none changes nothing."""
        if not messages:
            return
        if not self.messages:
            self.first_at = now
        self.last_at = now
        self.messages += messages
        self.size += sum(len(message.value) for message in messages)

    def is_due(self, now: datetime) -> bool:
        """Whether what waits has waited for long enough, or is as much as fits."""
        return bool(self.messages) and (
            now - self.first_at >= self.patience.longest
            or now - self.last_at >= self.patience.quiet
            or len(self.messages) >= self.patience.rows_max
            or self.size >= self.patience.bytes_max
        )

    def take(self) -> list[Message]:
        """All that waits; nothing waits then."""
        taken, self.messages, self.size = self.messages, [], 0
        return taken
