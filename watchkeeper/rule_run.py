"""A rule set over a file of transactions, with one engine or the other, written as one table."""

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
from pyarrow import parquet

from analytics import batch
from data_contracts.topics import DECISIONS
from dataflows.connectors import Clock, Letter
from dataflows.scoring import offline
from rules.expressions.kinds import Kind
from rules.expressions.names import feature_type
from rules.model import FeatureDefinition, RuleSet
from watchkeeper.admission import admitted
from watchkeeper.errors import Failure
from watchkeeper.json_columns import STORED_FIELDS, rendered

ROWS_AT_ONCE = 20_000

Tell = batch.Tell
_PLAIN = {Kind.TEXT: str, Kind.NUMBER: float}  # Every other kind is whole.


@dataclass(slots=True)
class Output:
    """The table on its way into its file, and what is in it so far."""

    schema: dict[str, pl.DataType]
    write: Callable[[pl.DataFrame], object]
    rows: int = 0
    refused: int = 0
    decisions: Counter[str] = field(default_factory=Counter)

    def add(self, part: pl.DataFrame) -> None:
        """Write some rows."""
        self.rows += len(part)
        self.decisions.update(dict(part["decision"].value_counts().iter_rows()))
        self.write(part)


@contextmanager
def output(path: Path, rule_set: RuleSet) -> Iterator[Output]:
    """Open a table for the answers of either engine; it bears its name once it is whole."""
    schema = batch.schema(rule_set)
    types = pl.DataFrame(schema=schema).to_arrow().schema
    unfinished = path.with_name(f"{path.name}.part")
    try:
        with parquet.ParquetWriter(unfinished, types, compression="zstd") as writer:
            yield Output(schema, lambda part: writer.write_table(part.to_arrow()))
        unfinished.replace(path)
    except OSError as error:
        raise Failure(
            f"{path} cannot be written: {error.strerror or error}.", "Name a place that can."
        ) from None
    finally:
        unfinished.unlink(missing_ok=True)


def by_batch(frame: pl.DataFrame, rule_set: RuleSet, found: Output, tell: Tell) -> None:
    """Score with the batch engine; `tell` is given the share that is done."""
    admission = admitted(frame)
    found.refused = admission.refused
    for part in batch.parts(admission.frame, rule_set, tell=lambda share: tell(share / 2)):
        found.add(part)
        tell((1 + found.rows / len(frame)) / 2)


def by_stream(
    frame: pl.DataFrame, rule_set: RuleSet, found: Output, tell: Tell, clock: Clock
) -> None:
    """Score with the very flow that runs on the log."""
    rows = _Rows(rule_set, found, lambda: tell(found.rows / len(frame)))
    offline.decide(_messages(frame), rule_set, clock, rows.take)
    rows.flush()


def _messages(frame: pl.DataFrame) -> Iterator[bytes]:
    for part in frame.iter_slices(ROWS_AT_ONCE):
        yield from (row.encode() for row in rendered(part, STORED_FIELDS))


class _Id(msgspec.Struct):
    transaction_id: str


class _Hit(msgspec.Struct):
    rule_id: str


class _Rows:
    """Letters of the flow become rows of the table."""

    def __init__(self, rule_set: RuleSet, found: Output, tell: Callable[[], None]) -> None:
        """Begin with none."""
        self.found, self.tell = found, tell
        self.features = sorted(rule_set.features, key=lambda item: item.name)
        self.decoder = msgspec.json.Decoder(_decision(self.features))
        self.waiting: list[Any] = []

    def take(self, letters: Sequence[Letter]) -> None:
        """Keep the decisions, and count the dead letters."""
        for letter in letters:
            if letter.topic == DECISIONS:
                self.waiting.append(self.decoder.decode(letter.value))
            else:
                self.found.refused += 1
        if len(self.waiting) >= ROWS_AT_ONCE:
            self.flush()

    def flush(self) -> None:
        """Write what waits."""
        rows, self.waiting = self.waiting, []
        if rows:
            self.found.add(pl.DataFrame(self._columns(rows), schema=self.found.schema))
            self.tell()

    def _columns(self, rows: Sequence[Any]) -> dict[str, Sequence[Any]]:
        columns: dict[str, Sequence[Any]] = {
            "transaction_id": [row.transaction.transaction_id for row in rows],
            "decision": [row.verdict for row in rows],
            "score": [row.score for row in rows],
            "hits": [_ids(row.hits) for row in rows],
            "shadow_hits": [_ids(row.shadow_hits) for row in rows],
        }
        flags = [row.flags for row in rows]
        for definition in self.features:
            name = definition.name
            columns[name] = [getattr(row.features, name) for row in rows]
            columns[name + batch.FLAG] = [found.get(name) for found in flags]
        return columns


def _ids(hits: Sequence[_Hit]) -> list[str]:
    return sorted(hit.rule_id for hit in hits)


def _decision(features: Sequence[FeatureDefinition]) -> type[msgspec.Struct]:
    """What is wanted of a decision."""
    named = [(item.name, _plain(item) | None, None) for item in features]
    values = msgspec.defstruct("Values", named, frozen=True, gc=False)
    hits = tuple[_Hit, ...]
    fields: list[tuple[str, Any, Any]] = [
        ("hits", hits, ()),
        ("shadow_hits", hits, ()),
        ("features", values, values()),
        ("flags", dict[str, str], {}),
    ]
    return msgspec.defstruct(
        "Row",
        [("transaction", _Id), ("verdict", str), ("score", int), *fields],
        gc=False,
    )


def _plain(definition: FeatureDefinition) -> type:
    return _PLAIN.get(feature_type(definition).kind, int)
