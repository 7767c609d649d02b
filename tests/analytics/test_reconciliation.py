from collections.abc import Sequence

import numpy as np
import pytest

from analytics.census import Kind
from analytics.reconciliation import (
    DUPLICATED,
    INVENTED,
    LOST,
    OFFENDERS_MAX,
    SCORER_MEMORY,
    UNREAD,
    Cell,
    Check,
    checks,
    count,
)
from analytics.stocktaking import Stock
from tests.analytics.stock_values import (
    a_cell,
    approvals,
    at,
    found,
    log,
    records,
    transactions,
    worth,
)

EVERYWHERE = 10**9


def broken(cell: Cell, until: int = EVERYWHERE) -> dict[str, list[int]]:
    return {
        check.claim: [offender.position for offender in check.offenders]
        for check in checks(cell, until)
        if not check.holds
    }


def of_kind(found: Sequence[Check], kind: str) -> int:
    return count(found, kind)


def test_three_transactions_that_are_everywhere_agree() -> None:
    assert broken(a_cell()) == {}


@pytest.mark.parametrize(
    ("cell", "claim", "positions"),
    [
        (a_cell(decisions=records(*approvals(0, 2))), "What was accepted is decided", [1]),
        (a_cell(outcomes=at(0, 2)), "What was decided is in the books", [1]),
        (a_cell(archived=at(0, 1)), "What was decided is in the archive", [2]),
        (
            a_cell(decisions=records(*approvals(0, 1), (2, 102, Kind.DECLINE))),
            "What was held or declined has its alert",
            [2],
        ),
        (a_cell(log=log(*transactions(0, 1))), "What was decided was accepted", [2]),
        (a_cell(outcomes=at(0, 1, 2, 3)), "What is in the books was decided", [3]),
        (a_cell(archived=at(0, 1, 2, 3)), "What is in the archive was decided", [3]),
        (a_cell(alerts=at(1)), "What raised an alert asked for one", [1]),
        (
            a_cell(outcomes=worth(at(2, 0, 1), 9, 5, 6), archived=worth(at(0, 1, 2), 5, 7, 9)),
            "An amount is the same in the books and in the archive",
            [1],
        ),
        (a_cell(archived=at(0, 1, 1, 2)), "A position is archived once", [1]),
        (a_cell(outcomes=at(0, 1, 2, 2)), "An id has one outcome", [2]),
        (
            a_cell(log=log(*transactions(0, 1, 2), (3, 0, Kind.UNREADABLE))),
            "What cannot be read is a dead letter",
            [3],
        ),
    ],
)
def test_whatever_is_missing_or_too_much_is_named(
    cell: Cell, claim: str, positions: list[int]
) -> None:
    assert broken(cell)[claim] == positions


def test_offenders_are_named_with_their_id_and_the_first_ten_at_most() -> None:
    many = transactions(*range(30))
    cell = a_cell(log=log(*many), decisions=records(*approvals(29)))

    lost = next(check for check in checks(cell, EVERYWHERE) if check.count)

    assert lost.count == 29
    assert len(lost.offenders) == OFFENDERS_MAX
    assert lost.offenders[0].event_id == "00000000-0000-0064-0000-006400000000"


def test_nothing_beyond_the_watermark_counts() -> None:
    cell = a_cell(
        log=log(*transactions(0, 1, 2, 3, 4)),
        decisions=records(*approvals(0, 1, 2, 3)),
        archived=at(0, 1),
        outcomes=at(0, 1, 2, 3),
    )

    assert broken(cell, until=1) == {}
    assert "What was decided is in the archive" in broken(cell, until=2)


def test_decisions_that_were_sent_twice_count_once() -> None:
    assert broken(a_cell(decisions=records(*approvals(0, 1, 2, 1, 2)))) == {}


def test_a_copy_that_was_dropped_is_no_loss() -> None:
    cell = a_cell(log=log(*transactions(0, 1, 2), (3, 101, Kind.TRANSACTION)))

    assert broken(cell) == {}
    assert cell.scored_until() == 3


def test_an_id_that_is_decided_twice_within_the_memory_is_an_offence() -> None:
    twice = a_cell(
        log=log(*transactions(0, 1, 2), (3, 101, Kind.TRANSACTION)),
        decisions=records(*approvals(0, 1, 2), (3, 101, Kind.APPROVE)),
        archived=at(0, 1, 2),
        copies=found((3, 101)),
    )

    assert broken(twice) == {"An id is decided once": [3]}


def test_a_copy_beyond_the_memory_is_settled_by_the_ledger_and_marked_in_the_archive() -> None:
    far = SCORER_MEMORY + 2
    late = a_cell(
        log=log(*transactions(0, 1, 2), (far, 101, Kind.TRANSACTION)),
        decisions=records(*approvals(0, 1, 2), (far, 101, Kind.APPROVE)),
        copies=found((far, 101)),
    )
    unmarked = a_cell(
        log=late.log,
        decisions=late.decisions,
        archived=found(*[(0, 100), (1, 101), (2, 102), (far, 101)]),
    )

    assert broken(late) == {}
    assert broken(unmarked) == {"An id is in the archive once, or marked as a copy": [far]}


def test_dead_letters_and_control_records_are_neither_lost_nor_decided() -> None:
    cell = a_cell(
        log=log(
            *transactions(0, 1, 2),
            (3, 0, Kind.UNREADABLE),
            (4, 0, Kind.CONTROL),
            (5, 105, Kind.TRANSACTION),
        ),
        rejections=records((3, 0, Kind.REJECTION), (5, 0, Kind.REJECTION), (5, 0, Kind.REJECTION)),
    )

    assert broken(cell) == {}
    assert cell.scored_until() == 5


def test_what_the_broker_forgot_is_not_called_invented() -> None:
    cell = a_cell(log=log(*transactions(2)), decisions=records(*approvals(0, 1, 2)))
    later = a_cell(decisions=records(*approvals(1, 2), first_offset=1))

    assert broken(cell) == {}
    assert broken(later) == {}


def test_the_scorer_is_behind_where_something_waits() -> None:
    cell = a_cell(
        log=log(*transactions(0, 1, 2), (3, 0, Kind.CONTROL), *transactions(4, 5)),
        rejections=records((5, 0, Kind.REJECTION)),
    )

    assert cell.scored_until() == 3


def test_what_is_missing_before_the_last_decision_is_lost_not_late() -> None:
    cell = a_cell(decisions=records(*approvals(0, 2)))

    assert cell.scored_until() == 2


def test_an_empty_stack_agrees() -> None:
    empty = a_cell(
        log=log(), decisions=records(), outcomes=found(), archived=found(), alerts=found()
    )

    assert broken(empty) == {}
    assert empty.scored_until() == -1


def test_totals_add_up() -> None:
    cell = a_cell(
        log=log(
            *transactions(0, 1, 2),
            (3, 101, Kind.TRANSACTION),
            (4, 0, Kind.UNREADABLE),
            (5, 0, Kind.CONTROL),
        ),
        rejections=records((4, 0, Kind.REJECTION)),
    )
    ends = {"0": 5}
    watermarks = {"scoring": ends, "posting": ends, "log_end": {"0": 6}}
    stock = Stock((cell,), {"posted": 2, "held": 1}, 1, watermarks)

    totals = stock.totals()
    report = stock.report()

    assert (totals.accepted, totals.decided, totals.dead_letters, totals.duplicates) == (4, 3, 1, 1)
    assert totals.accepted == totals.decided + totals.dead_letters
    assert (totals.posted, totals.held, totals.archived, totals.alerts) == (2, 1, 3, 1)
    assert (report.lost, report.duplicated) == (0, 0)
    assert report.compared_until == {"0": 5}


def test_kinds_of_offences_are_summed_apart() -> None:
    cell = a_cell(outcomes=at(0, 2), archived=at(0, 1, 1, 2), alerts=at(0))

    made = checks(cell, EVERYWHERE)

    assert [of_kind(made, kind) for kind in (UNREAD, LOST, INVENTED, DUPLICATED)] == [0, 1, 1, 2]
    assert np.sum([check.count for check in made]) == 4
