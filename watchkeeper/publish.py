"""The first rule set of a stack becomes a record in the log of every cell; people use the API."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import rules
from data_contracts.codec import encode
from data_contracts.control import (
    KIND_HEADER,
    RULE_SET_BYTES_MAX,
    ControlKind,
    Publishing,
    RuleSetRecord,
)
from data_contracts.topics import TRANSACTIONS, Topic
from rules.documents.catalogue import Catalogue, read_catalogue
from rules.linting import Linted, lint
from rules.mistakes import Level, Mistake
from rules.model import RuleSet
from rules.rule_set import pack
from runtime.kafka import Outbox
from runtime.postgres import connect
from watchkeeper.errors import Failure

NEWEST = """
SELECT DISTINCT ON (cell) cell, rule_set
FROM casework.publications
WHERE kind = 'rule-set'
ORDER BY cell, position DESC
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """A rule set on its way into the log, and who sends it."""

    rule_set: RuleSet
    published_by: str
    published_at: datetime

    def record(self) -> RuleSetRecord:
        """The record, or `Failure` where the set is too large for the log."""
        document = pack(self.rule_set)
        if len(document) > RULE_SET_BYTES_MAX:
            raise Failure(
                f"The rule set takes {len(document):,} bytes of at most {RULE_SET_BYTES_MAX:,}.",
                "Shorten its lists: entries can be added one by one at run time.",
            )
        return RuleSetRecord(
            rule_set=self.rule_set.fingerprint(),
            document=document,
            published_by=self.published_by,
            published_at=self.published_at,
            act=Publishing.BOOTSTRAP,
            reason="the rules that are shipped",
        )


def shipped_catalogue() -> Path:
    """The folder of the catalogue that comes with the project, as seen from here if it is below."""
    folder = Path(next(iter(rules.__path__)))
    return folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder


def sound_catalogue(folder: Path) -> Catalogue:
    """Read a catalogue that has no mistakes, or raise `Failure` with all of them."""
    catalogue = read_catalogue(folder)
    _refuse(folder, [item for item in catalogue.mistakes if item.level is Level.ERROR])
    return catalogue


def linted_catalogue(folder: Path) -> Linted:
    """A catalogue in which lint finds no mistake, its lock and budget included, or `Failure`."""
    found = lint(folder)
    _refuse(folder, found.errors)
    return found


def _refuse(folder: Path, errors: Sequence[Mistake]) -> None:
    if errors:
        listed = "\n".join(item.shown() for item in errors)
        raise Failure(
            f"The catalogue in {folder} has {len(errors)} mistakes:\n{listed}",
            "Mend them; `watchkeeper rules lint` shows what is left.",
        )


def newest_published(dsn: str) -> Mapping[int, str]:
    """The newest rule set of each cell as the books know it: they may lag a little."""
    with connect(dsn, "watchkeeper-rules") as connection:
        return dict(connection.execute(NEWEST).fetchall())


def publish_rule_set(
    brokers: str,
    publication: Publication,
    newest: Mapping[int, str],
    *,
    cells: int = 1,
    log: Topic = TRANSACTIONS,
) -> tuple[int, ...]:
    """Write the record into each cell whose newest rule set is another one; returns those cells.

    A set that is published twice changes nothing, so `newest` may be behind.
    """
    record = publication.record()
    behind = tuple(cell for cell in range(cells) if newest.get(cell) != record.rule_set)
    if not behind:
        return ()
    outbox = Outbox.to(brokers, linger_ms=0)
    for cell in behind:
        outbox.send(
            log, encode(record), partition=cell, headers=[(KIND_HEADER, ControlKind.RULE_SET)]
        )
    outbox.flush()
    return behind
