"""What decides at a position: the newest rule set and all changes up to there, in order."""

from collections.abc import Iterator

import pytest

from casework.in_force import Published, published_until, rule_set_in_force
from casework.ports import Filing
from casework.postgres import PostgresCasebook
from casework.publications import publication_of
from casework.values import Watermark
from data_contracts import codec
from data_contracts.control import BreakerRecord, FeatureWarmRecord, ListEntryRecord
from rules.model import RuleSet
from rules.rule_set import pack
from runtime.migrations import upgrade
from runtime.postgres import Connection, connect
from tests.casework.published import RULE_SET, a_record
from tests.factories import NOON
from tests.rules.rule_sets import a_rule_set

pytestmark = pytest.mark.servers

OTHER = a_rule_set()
ENTRY = ListEntryRecord(
    list_id="blocked_cards", value="card-1", reason="stolen", owner="fraud", recorded_at=NOON
)
WARM = FeatureWarmRecord(feature="card_count_10m", definition="f" * 64)
TRIP = BreakerRecord(rule_id="card-burst", is_tripped=True, reason="much", recorded_at=NOON)


def a_set(rule_set: RuleSet) -> bytes:
    return a_record(rule_set=rule_set.fingerprint(), document=pack(rule_set))


@pytest.fixture
def connection(postgres_database: str) -> Iterator[Connection]:
    upgrade(postgres_database, rooms=["casework"])
    with connect(postgres_database, "test") as opened:
        yield opened


def test_a_question_about_a_position_sees_nothing_of_what_came_after(
    connection: Connection,
) -> None:
    assert rule_set_in_force(connection) is None
    log = {
        3: ("rule-set", a_set(RULE_SET)),
        5: ("list-entry", codec.encode(ENTRY)),
        8: ("rule-set", a_set(OTHER)),
        9: ("breaker", codec.encode(TRIP)),
        11: ("feature-warm", codec.encode(WARM)),
        12: ("rule-set", a_set(RULE_SET)),
    }
    publications = [
        publication_of(0, position, kind, value, NOON) for position, (kind, value) in log.items()
    ]
    PostgresCasebook(connection).file(
        Filing(reached=Watermark("log", 0, 12, 13), publications=publications)
    )

    assert rule_set_in_force(connection, until=9) == OTHER
    assert rule_set_in_force(connection, until=7) == RULE_SET
    assert rule_set_in_force(connection, until=2) is None
    assert rule_set_in_force(connection, cell=1) is None
    assert published_until(connection) == [
        Published(3, RULE_SET),
        Published(5, ENTRY),
        Published(8, OTHER),
        Published(9, TRIP),
        Published(11, WARM),
        Published(12, RULE_SET),
    ]
    assert published_until(connection, until=5) == [Published(3, RULE_SET), Published(5, ENTRY)]
    assert published_until(connection, cell=1) == []
