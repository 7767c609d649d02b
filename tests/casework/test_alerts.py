from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from casework.alerts import alert_of, file, places
from casework.values import FiledAlert, Silence, SilenceKey
from data_contracts.decision import Decision, ListHit, RuleHit, Severity, Verdict
from rules.model import Suppress
from tests.factories import NOON, a_decision, a_transaction, minute

HOUR_MS = 3_600_000
SUPPRESSIONS = {
    "card-burst": Suppress(by="card_token", for_ms=HOUR_MS),
    "new-device": Suppress(by="account_id", for_ms=HOUR_MS // 2),
}


def a_hit(rule_id: str = "card-burst", **changes: Any) -> RuleHit:  # noqa: ANN401  (any field)
    defaults: dict[str, Any] = {
        "version": 1,
        "typology": "card-testing",
        "severity": Severity.MEDIUM,
        "score": 60,
        "reason": "7 payments within ten minutes",
    }
    return RuleHit(rule_id=rule_id, **(defaults | changes))


def a_review(
    at: float = 0,
    rules: tuple[str, ...] = ("card-burst",),
    **fields: Any,  # noqa: ANN401  (fields of any type)
) -> Decision:
    return a_decision(
        verdict=Verdict.REVIEW,
        score=60,
        hits=tuple(a_hit(rule) for rule in rules),
        transaction=a_transaction(occurred_at=minute(at), **fields),
    )


def filed(
    decisions: list[Decision], silences: dict[SilenceKey, Silence] | None = None
) -> tuple[list[FiledAlert], dict[SilenceKey, Silence]]:
    return file(decisions, lambda _rule_set: SUPPRESSIONS, silences or {})


def test_an_approval_is_no_alert() -> None:
    assert alert_of(a_decision(verdict=Verdict.APPROVE, hits=(a_hit(),))) is None


def test_a_review_names_whom_why_and_how_bad() -> None:
    weak = a_hit("new-device", typology="account-takeover", score=10, severity=Severity.HIGH)
    decision = a_decision(verdict=Verdict.REVIEW, score=70, position=9, hits=(weak, a_hit()))

    alert = alert_of(decision)

    assert alert is not None
    assert (alert.entity_kind, alert.entity) == ("account", "acc-1")
    assert alert.title == "Card testing and 1 more"
    assert alert.rules == ("card-burst", "new-device")
    assert alert.reasons == ("7 payments within ten minutes",) * 2
    assert alert.severity is Severity.HIGH
    assert (alert.position, alert.score, alert.verdict) == (9, 70, "review")
    assert alert.raised_at == decision.transaction.received_at


def test_a_list_hit_comes_first_and_is_grave() -> None:
    listed = ListHit(list_id="blocked-cards", field="card_token", reason="Reported stolen")
    alert = alert_of(a_decision(verdict=Verdict.DECLINE, list_hit=listed, hits=(a_hit(),)))

    assert alert is not None
    assert alert.title == "On the list blocked-cards"
    assert alert.reasons == ("Reported stolen", "7 payments within ten minutes")
    assert alert.severity is Severity.HIGH


def test_the_id_comes_from_the_event_alone() -> None:
    transaction = a_transaction()
    one = alert_of(a_decision(transaction=transaction, verdict=Verdict.REVIEW, position=1))
    other = alert_of(
        a_decision(transaction=transaction, verdict=Verdict.DECLINE, position=2, rule_set="ff" * 32)
    )

    assert one is not None
    assert other is not None
    assert one.alert_id == other.alert_id != one.event_id


def test_a_second_alert_of_the_same_rule_and_key_is_quiet() -> None:
    alerts, silences = filed([a_review(0), a_review(30), a_review(59), a_review(60)])

    assert [alert.quieted_by for alert in alerts] == [None, "card-burst", "card-burst", None]
    assert [silence.until for silence in silences.values()] == [minute(120)]


def test_another_key_is_heard() -> None:
    alerts, _ = filed([a_review(0), a_review(1, card_token="another")])  # noqa: S106  (a card)

    assert [alert.quieted_by for alert in alerts] == [None, None]


def test_a_key_that_is_null_is_never_quiet() -> None:
    alerts, silences = filed([a_review(0, card_token=None), a_review(1, card_token=None)])

    assert [alert.quieted_by for alert in alerts] == [None, None]
    assert silences == {}


def test_an_alert_is_quiet_only_where_all_its_rules_are() -> None:
    both = ("card-burst", "new-device")
    alerts, _ = filed([a_review(0), a_review(1, both), a_review(2, both), a_review(3, ("other",))])

    assert [alert.quieted_by is None for alert in alerts] == [True, True, False, True]


def test_a_list_is_never_quiet() -> None:
    listed = a_decision(
        verdict=Verdict.DECLINE,
        list_hit=ListHit(list_id="l", field="ip", reason="r"),
        hits=(a_hit(),),
        transaction=a_transaction(occurred_at=minute(1)),
    )
    alerts, _ = filed([a_review(0), listed])

    assert alerts[1].quieted_by is None


@given(st.lists(st.tuples(st.integers(0, 40), st.sampled_from("ab")), max_size=30), st.data())
def test_batches_do_not_change_what_is_quiet(
    events: list[tuple[int, str]], data: st.DataObject
) -> None:
    decisions = [a_review(at * 5, card_token=card) for at, card in sorted(events)]
    whole, _ = filed(decisions)

    kept: dict[SilenceKey, Silence] = {}
    pieces: list[FiledAlert] = []
    while decisions:
        size = data.draw(st.integers(1, len(decisions)))
        batch, decisions = decisions[:size], decisions[size:]
        wanted = places(batch, lambda _rule_set: SUPPRESSIONS)
        alerts, begun = filed(batch, {place: kept[place] for place in wanted if place in kept})
        pieces += alerts
        kept |= begun

    assert [alert.quieted_by for alert in pieces] == [alert.quieted_by for alert in whole]


def test_quiet_never_outlasts_its_time() -> None:
    steady = [a_review(at * 10) for at in range(30)]
    alerts, _ = filed(steady)

    loud = [alert.alert.raised_at for alert in alerts if alert.quieted_by is None]
    assert loud == [NOON + timedelta(hours=hour) for hour in range(5)]
