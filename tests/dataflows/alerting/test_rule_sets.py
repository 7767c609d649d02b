import threading

from casework.memory import MemoryCasebook
from casework.ports import Filing
from casework.publications import publication_of
from casework.values import Watermark
from dataflows.alerting.rule_sets import Progress, RuleSets
from tests.casework.published import QUIET, RULE_SET, a_record
from tests.factories import NOON

HASH = RULE_SET.fingerprint()


def publish(casebook: MemoryCasebook, position: int) -> None:
    found = publication_of(0, position, "rule-set", a_record(), NOON)
    casebook.file(Filing(reached=Watermark("t", 0, position, position + 1), publications=[found]))


def test_no_rule_set_quiets_nothing() -> None:
    rule_sets = RuleSets(MemoryCasebook(), Progress(threading.Event()))

    assert rule_sets.suppressions("", cell=0, position=5) == {}


def test_a_published_rule_set_is_known_at_once() -> None:
    casebook = MemoryCasebook()
    publish(casebook, 3)

    rule_sets = RuleSets(casebook, Progress(threading.Event()))

    assert rule_sets.suppressions(HASH, cell=0, position=5) == {"card-burst": QUIET}


def test_a_decision_waits_for_the_record_before_it() -> None:
    casebook, progress = MemoryCasebook(), Progress(threading.Event())
    rule_sets = RuleSets(casebook, progress)
    asked = threading.Event()
    found: list[object] = []

    def ask() -> None:
        asked.set()
        found.append(rule_sets.suppressions(HASH, cell=0, position=5))

    waiting = threading.Thread(target=ask)
    waiting.start()
    asked.wait()
    progress.reach(0, 3)
    publish(casebook, 4)
    progress.reach(0, 6)
    waiting.join(timeout=20)

    assert found == [{"card-burst": QUIET}]


def test_a_rule_set_that_the_log_lost_quiets_nothing() -> None:
    progress = Progress(threading.Event())
    progress.reach(0, 6)
    rule_sets = RuleSets(MemoryCasebook(), progress)

    assert rule_sets.suppressions(HASH, cell=0, position=5) == {}


def test_nobody_waits_once_all_has_to_stop() -> None:
    stopped = threading.Event()
    stopped.set()
    rule_sets = RuleSets(MemoryCasebook(), Progress(stopped))

    assert rule_sets.suppressions(HASH, cell=0, position=5) == {}
