"""The casework in Postgres, for processes and commands: one transaction per batch, set-based."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from casework.memory import case_id_of
from casework.ports import Filing
from casework.values import (
    FiledAlert,
    KeptLetter,
    Publication,
    Rejected,
    Silence,
    SilenceKey,
    Watermark,
)
from data_contracts.dead_letter import DeadLetter
from runtime.postgres import Connection

REACHED = """
INSERT INTO casework.watermarks AS old (topic, partition, position, next_offset)
VALUES (%(topic)s, %(partition)s, %(position)s, %(next_offset)s)
ON CONFLICT (topic, partition) DO UPDATE
    SET position = greatest(old.position, excluded.position), next_offset = excluded.next_offset
    WHERE excluded.next_offset > old.next_offset
RETURNING true
"""
WATERMARK = """
SELECT topic, partition, position, next_offset FROM casework.watermarks
WHERE topic = %(topic)s AND partition = %(partition)s
"""
FILE_ALERTS = """
WITH given AS (
    SELECT * FROM jsonb_to_recordset(%(alerts)s) AS given (
        alert_id uuid, case_id uuid, kind text, tenant text, entity_kind text, entity text,
        severity casework.severity, title text, reasons text[], rules text[], typologies text[],
        score smallint, verdict text, raised_at timestamptz, event_id uuid, transaction_id text,
        account_id text, amount_minor bigint, currency text, cell integer, position bigint,
        quieted_by text, place integer)
), new AS (
    SELECT * FROM given
    WHERE NOT EXISTS (SELECT FROM casework.alerts known WHERE known.alert_id = given.alert_id)
), filed AS (
    INSERT INTO casework.cases AS old (case_id, tenant, entity_kind, entity, severity, score,
        alert_count, quiet_count, first_alert_at, last_alert_at)
    SELECT (array_agg(case_id ORDER BY place))[1], tenant, entity_kind, entity, max(severity),
        max(score), count(*), count(quieted_by), min(raised_at), max(raised_at)
    FROM new GROUP BY tenant, entity_kind, entity ORDER BY tenant, entity_kind, entity
    ON CONFLICT (tenant, entity_kind, entity) WHERE status <> 'closed' DO UPDATE
        SET severity = greatest(old.severity, excluded.severity),
            score = greatest(old.score, excluded.score),
            alert_count = old.alert_count + excluded.alert_count,
            quiet_count = old.quiet_count + excluded.quiet_count,
            first_alert_at = least(old.first_alert_at, excluded.first_alert_at),
            last_alert_at = greatest(old.last_alert_at, excluded.last_alert_at)
    RETURNING case_id, tenant, entity_kind, entity
)
INSERT INTO casework.alerts (alert_id, case_id, kind, tenant, entity_kind, entity, severity, title,
    reasons, rules, typologies, score, verdict, raised_at, event_id, transaction_id, account_id,
    amount_minor, currency, cell, position, quieted_by)
SELECT alert_id, filed.case_id, kind, tenant, entity_kind, entity, severity, title,
    reasons, rules, typologies, score, verdict, raised_at, event_id, transaction_id, account_id,
    amount_minor, currency, cell, position, quieted_by
FROM new JOIN filed USING (tenant, entity_kind, entity)
"""
BEGIN_SILENCES = """
INSERT INTO casework.silences (tenant, rule_id, by_field, key, until)
SELECT tenant, rule_id, "by", key, until FROM jsonb_to_recordset(%(silences)s)
    AS given (tenant text, rule_id text, "by" text, key text, until timestamptz)
ORDER BY 1, 2, 3, 4
ON CONFLICT (tenant, rule_id, by_field, key) DO UPDATE SET until = excluded.until
"""
SILENCES = """
SELECT tenant, rule_id, by_field, key, until
FROM jsonb_to_recordset(%(places)s) AS given (tenant text, rule_id text, "by" text, key text)
JOIN casework.silences silent USING (tenant, rule_id, key)
WHERE silent.by_field = given."by"
"""
REJECT = """
INSERT INTO casework.dead_letters (topic, partition, log_offset, code, pointer, reason, value, key,
    original_sha256, is_masked, event_id, kind, rejected_at)
VALUES (%(topic)s, %(partition)s, %(offset)s, %(code)s, %(pointer)s, %(reason)s, %(value)s, %(key)s,
    %(original_sha256)s, %(is_masked)s, %(event_id)s, %(kind)s, %(rejected_at)s)
ON CONFLICT (topic, partition, log_offset) DO NOTHING
"""
KEEP_RULE_SET = """
INSERT INTO casework.rule_sets (rule_set, canonical) VALUES (%(rule_set)s, %(canonical)s)
ON CONFLICT (rule_set) DO NOTHING
"""
PUBLISH = """
INSERT INTO casework.publications (cell, position, kind, rule_set, record, logged_at)
VALUES (%(cell)s, %(position)s, %(kind)s, %(rule_set)s, %(record)s, %(logged_at)s)
ON CONFLICT (cell, position) DO NOTHING
"""
CANONICAL = "SELECT canonical FROM casework.rule_sets WHERE rule_set = %(rule_set)s"
LETTERS = """
SELECT number, topic, partition, log_offset AS "offset", code, pointer, reason, value, key,
    original_sha256, is_masked, event_id::text AS event_id, kind, rejected_at, replayed_at,
    replayed_by
FROM casework.dead_letters
WHERE (%(number)s::bigint IS NULL OR number = %(number)s)
  AND (%(is_replayed)s::boolean IS NULL OR (replayed_at IS NOT NULL) = %(is_replayed)s)
ORDER BY number DESC LIMIT %(limit)s
"""
MARK_REPLAYED = """
UPDATE casework.dead_letters SET replayed_at = %(at)s, replayed_by = %(by)s
WHERE number = %(number)s AND replayed_at IS NULL
"""


@dataclass(slots=True)
class PostgresCasebook:
    """Files what comes from the topics; a batch and its watermark in one transaction."""

    connection: Connection

    def watermark(self, topic: str, partition: int) -> Watermark | None:
        """How far a partition is applied, or None where nothing of it is."""
        given = {"topic": topic, "partition": partition}
        row = self.connection.execute(WATERMARK, given).fetchone()
        return None if row is None else Watermark(*row)

    def file(self, filing: Filing) -> bool:
        """Store a batch with its watermark; False says that this was passed before."""
        with self.connection.transaction(), self.connection.cursor() as cursor:
            reached = msgspec.structs.asdict(filing.reached)
            # This locks the row: a second writer waits here, and then finds itself passed.
            if cursor.execute(REACHED, reached).fetchone() is None:
                return False
            if filing.alerts:
                cursor.execute(FILE_ALERTS, {"alerts": Jsonb(_alert_rows(filing.alerts))})
            if filing.silences:
                rows = [msgspec.to_builtins(silence) for silence in filing.silences]
                cursor.execute(BEGIN_SILENCES, {"silences": Jsonb(rows)})
            if filing.rejected:
                cursor.executemany(REJECT, [_letter_row(letter) for letter in filing.rejected])
            for publication in filing.publications:
                if publication.canonical is not None:
                    cursor.execute(KEEP_RULE_SET, msgspec.structs.asdict(publication))
                cursor.execute(PUBLISH, publication_row(publication))
            return True

    def silences(self, places: Collection[SilenceKey]) -> Mapping[SilenceKey, Silence]:
        """The silences at these places, over or not."""
        names = ("tenant", "rule_id", "by", "key")
        wanted = [dict(zip(names, place, strict=True)) for place in places]
        rows = self.connection.execute(SILENCES, {"places": Jsonb(wanted)}) if wanted else ()
        found = [Silence(*row) for row in rows]
        return {silence.place: silence for silence in found}

    def canonical(self, rule_set: str) -> bytes | None:
        """The canonical form of a rule set that was published, by its hash."""
        row = self.connection.execute(CANONICAL, {"rule_set": rule_set}).fetchone()
        return None if row is None else bytes(row[0])


@dataclass(slots=True)
class PostgresLetters:
    """The dead letters in Postgres."""

    connection: Connection

    def latest(self, limit: int, *, is_replayed: bool | None = None) -> Sequence[KeptLetter]:
        """The newest ones, newest first."""
        return self._read(number=None, is_replayed=is_replayed, limit=limit)

    def find(self, number: int) -> KeptLetter | None:
        """One of them."""
        found = self._read(number=number, is_replayed=None, limit=1)
        return found[0] if found else None

    def mark_replayed(self, number: int, by: str, at: datetime) -> bool:
        """Write down who sent it again; False says that somebody had before."""
        given = {"number": number, "by": by, "at": at}
        return self.connection.execute(MARK_REPLAYED, given).rowcount == 1

    def _read(self, **given: object) -> list[KeptLetter]:
        with self.connection.cursor(row_factory=dict_row) as cursor:
            return [_kept(row) for row in cursor.execute(LETTERS, given)]


def _alert_rows(alerts: Sequence[FiledAlert]) -> list[dict[str, Any]]:
    once = {filed.alert.alert_id: filed for filed in reversed(alerts)}
    return [
        {"typologies": [], "score": 0}
        | msgspec.to_builtins(filed.alert)
        | {"case_id": case_id_of(filed.alert), "quieted_by": filed.quieted_by, "place": place}
        for place, filed in enumerate(reversed(once.values()))
    ]


def _letter_row(rejected: Rejected) -> dict[str, Any]:
    row = msgspec.structs.asdict(rejected.letter) | {"rejected_at": rejected.rejected_at}
    # Postgres keeps every character in a text but this one.
    return {
        name: value.replace("\x00", "\N{SYMBOL FOR NULL}") if isinstance(value, str) else value
        for name, value in row.items()
    }


def publication_row(publication: Publication) -> dict[str, Any]:
    """The row of a control record."""
    return msgspec.structs.asdict(publication) | {
        "kind": publication.kind.value,
        "record": Jsonb(publication.record),
    }


def _kept(row: dict[str, Any]) -> KeptLetter:
    letter = {name: row[name] for name in DeadLetter.__struct_fields__}
    about = {name: row[name] for name in KeptLetter.__struct_fields__ if name != "letter"}
    return KeptLetter(letter=DeadLetter(**letter), **about)
