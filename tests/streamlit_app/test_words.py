from datetime import UTC, datetime

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
    assert [words.rate(rate) for rate in (0.0, 3.21, 1240.4)] == ["0.0/s", "3.2/s", "1,240/s"]


def test_ages_are_in_the_largest_unit_that_fits() -> None:
    now = NOON.timestamp()
    ages = [words.since(now - seconds, NOON) for seconds in (12, 240, 3 * 3_600, 2 * 86_400)]
    assert ages == ["12 s", "4 min", "3 h", "2 d"]
    assert words.since(None, NOON) == "—"


def test_a_headline_says_who_how_much_and_what_came_of_it() -> None:
    alert = an_alert(amount_minor=125_00, currency="EUR", score=80, verdict="decline")
    assert words.headline(alert) == "account **acc-1** · 125.00 EUR · score 80 · decline"


def test_text_of_a_transaction_never_becomes_markup() -> None:
    alert = an_alert(entity="<b>[x](http://evil)</b>", reasons=("**loud** `code`",))
    assert "<b>" not in words.headline(alert).replace("\\<", "")
    assert words.reasons(alert) == r"- \*\*loud\*\* \`code\`"
