from datetime import UTC, datetime, timedelta

from data_contracts.alert import Alert, AlertKind
from data_contracts.decision import Severity
from streamlit_app import words

NOON = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)


def an_alert(**changes: object) -> Alert:
    defaults: dict[str, object] = {
        "alert_id": "a",
        "kind": AlertKind.TRANSACTION,
        "tenant": "demo",
        "entity_kind": "account",
        "entity": "acc-1",
        "severity": Severity.HIGH,
        "title": "Many card payments",
        "reasons": ("5 card payments in ten minutes",),
        "rules": ("card-velocity-10m",),
        "raised_at": NOON,
    }
    return Alert(**(defaults | changes))  # type: ignore[arg-type]  # a test's shorthand


def test_durations_are_short() -> None:
    assert [words.duration(seconds) for seconds in (None, 0.084, 1.25)] == ["—", "84 ms", "1.2 s"]


def test_rates_have_a_decimal_only_where_it_matters() -> None:
    assert [words.rate(rate) for rate in (0.0, 3.21, 1240.4)] == ["0/s", "3.2/s", "1,240/s"]


def test_ages_are_in_the_largest_unit_that_fits() -> None:
    now = NOON.timestamp()
    ages = [words.since(now - seconds, NOON) for seconds in (12, 240, 3 * 3_600, 2 * 86_400)]
    assert ages == ["12 s", "4 min", "3 h", "2 d"]
    assert words.since(None, NOON) == "—"


def test_an_age_is_never_rounded_up() -> None:
    assert words.since(NOON.timestamp() - 119, NOON) == "1 min"


def test_an_hour_has_its_date_where_it_is_not_of_today() -> None:
    assert words.clock(NOON, NOON + timedelta(hours=3)) == "12:00:00"
    assert words.clock(NOON, NOON + timedelta(hours=12)) == "02 Mar 12:00"


def test_one_is_not_many_and_none_is_nothing() -> None:
    found = [words.some(number, "rule is held", "rules are held") for number in (0, 1, 1_200)]
    assert found == [[], ["1 rule is held"], ["1,200 rules are held"]]


def test_an_alert_says_whom_it_is_about_how_much_and_what_came_of_it() -> None:
    alert = an_alert(amount_minor=125_00, currency="EUR", score=80, verdict="decline")
    assert words.entity(alert) == "acc-1"
    assert words.amount(alert) == "125.00 EUR"
    assert words.outcome(alert) == "decline · 80"


def test_an_alert_about_the_operation_has_neither_amount_nor_decision() -> None:
    alert = an_alert(kind=AlertKind.OPERATION, entity_kind="channel", entity="card")
    assert words.entity(alert) == "channel card"
    assert (words.amount(alert), words.outcome(alert)) == ("", "")


def test_text_of_a_transaction_never_becomes_markup() -> None:
    alert = an_alert(entity="<b>[x](http://evil)</b>", reasons=("**loud** `code`",))
    assert "<b>" not in words.entity(alert).replace("\\<", "")
    assert words.reasons(alert) == r"\*\*loud\*\* \`code\`"
