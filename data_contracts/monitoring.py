"""The state of the whole operation at one moment, as the API tells it to the live page."""

import msgspec

from data_contracts.transaction import Instant


class ProcessHealth(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One process of ours; counters begin again when it is restarted."""

    name: str
    is_up: bool
    cpu_seconds: float = 0.0
    resident_bytes: int = 0
    started_at: float | None = None
    position: int | None = None


class Histogram(msgspec.Struct, frozen=True, kw_only=True):
    """How many observations were at most `bounds[i]` seconds: `counts[i]`; `count` of all."""

    bounds: tuple[float, ...]
    counts: tuple[float, ...]
    count: float


class Snapshot(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Counters and positions; a rate is the difference of two snapshots.

    `servers` says of Kafka, Postgres and Redis whether they answer; `log_end` is one past the last
    position of the log; `refused` counts requests that were answered with a refusal;
    `dead_letters` wait for somebody to look at them, None where they cannot be counted.
    """

    taken_at: Instant
    processes: tuple[ProcessHealth, ...]
    servers: dict[str, bool]
    log_end: int
    accepted: float = 0.0
    refused: float = 0.0
    decisions: dict[str, float] = {}
    dead_letters: int | None = None
    accept_seconds: Histogram | None = None
    decision_seconds: Histogram | None = None
