from io import StringIO

import msgspec
import pytest
from rich.console import Console

from analytics.reconciliation import LOST, Check, Offender
from analytics.stocktaking import Report, Totals
from ledger.invariants import INVARIANTS
from runtime import migrations
from runtime.postgres import connect
from watchkeeper.commands.ledger import Checked, Verdict, of_books, of_stock, show

TOTALS = Totals(**dict.fromkeys(Totals.__struct_fields__, 0))


def shown(verdict: Verdict) -> str:
    output = StringIO()
    show(verdict, Console(file=output, width=120, highlight=False))
    return output.getvalue()


@pytest.mark.servers
def test_the_books_are_checked_and_offenders_come_out(postgres_database: str) -> None:
    migrations.upgrade(postgres_database)
    sound = list(of_books(postgres_database))
    assert [each.claim for each in sound] == [invariant.claim for invariant in INVARIANTS]
    assert not any(each.count for each in sound)

    with connect(postgres_database, "test") as connection:
        connection.execute("INSERT INTO ledger.totals VALUES (0, 'posted', 3)")
    (offended,) = (each for each in of_books(postgres_database) if each.count)
    assert offended.offenders == ("cell 0 posted: total 3, counted 0",)


def test_what_was_compared_by_id_is_a_check_too() -> None:
    found = Check(
        kind=LOST, claim="All is booked", count=12, offenders=(Offender(0, 17, "the-id"),)
    )
    report = Report(
        totals=TOTALS,
        watermarks={},
        compared_until={"0": 99},
        lost=12,
        duplicated=0,
        checks=(found,),
    )
    assert list(of_stock(report)) == [
        Checked(part=LOST, claim="All is booked", count=12, offenders=("the-id at 0/17",))
    ]


def test_a_person_sees_every_claim_and_who_offends() -> None:
    good = Checked(part="I1", claim="All [is] well", count=0, offenders=())
    bad = Checked(part="I3", claim="It adds up", count=1234, offenders=("account 7",))

    compared = {"accepted": 4712, "booked": 4712}
    sound = shown(
        Verdict(holds=True, compared_until={"0": 4711}, compared=compared, checks=(good,))
    )
    assert "✓" in sound
    assert "All [is] well" in sound
    assert "0/4,711 (cell/position): accepted 4,712 · booked 4,712" in sound
    assert "Every claim holds." in sound

    broken = shown(Verdict(holds=False, checks=(good, bad)))
    assert "1,234" in broken
    assert "I3 account 7" in broken
    assert "Every claim holds." not in broken


def test_a_program_gets_one_line() -> None:
    verdict = Verdict(holds=True, checks=(Checked(part="I1", claim="c", count=0, offenders=()),))
    line = msgspec.json.encode(verdict).decode()

    assert "\n" not in line
    assert line.startswith('{"holds":true,"compared_until":{}')
