"""The shipped catalogue counts from the start, until a person publishes another one."""

from datetime import datetime

from runtime.postgres import connect
from watchkeeper.publish import (
    Publication,
    newest_published,
    publish_rule_set,
    shipped_catalogue,
    sound_catalogue,
)

PUBLISHER = "watchkeeper-stack"

PUBLISHED_BY_PEOPLE = """
SELECT cell
FROM (
    SELECT DISTINCT ON (cell) cell, record ->> 'published_by' AS published_by
    FROM casework.publications
    WHERE kind = 'rule-set'
    ORDER BY cell, position DESC
) AS newest
WHERE published_by <> %s
"""


def publish_shipped_rules(brokers: str, dsn: str, cells: int, now: datetime) -> tuple[int, ...]:
    """Take up the shipped catalogue in each cell where no person published; returns those cells."""
    publication = Publication(
        rule_set=sound_catalogue(shipped_catalogue()).rule_set(),
        published_by=PUBLISHER,
        published_at=now,
    )
    shipped = publication.rule_set.fingerprint()
    left_alone = dict.fromkeys(_cells_of_people(dsn), shipped)
    newest = dict(newest_published(dsn)) | left_alone
    return publish_rule_set(brokers, publication, newest, cells=cells)


def _cells_of_people(dsn: str) -> list[int]:
    with connect(dsn, PUBLISHER) as connection:
        return [cell for (cell,) in connection.execute(PUBLISHED_BY_PEOPLE, (PUBLISHER,))]
