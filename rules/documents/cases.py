"""Tests of a rule: a small history, the judged event, and what is expected."""

from dataclasses import dataclass

from data_contracts.decision import SCORE_MAX
from data_contracts.transaction import Transaction
from rules.documents.events import NOON_MS, EventReader
from rules.forms import Form
from rules.mistakes import Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test; `score` and `reason` are only compared where they are given."""

    name: str
    place: Place
    history: tuple[Transaction, ...]
    event: Transaction
    is_hit: bool
    score: int | None = None
    reason: str | None = None


def read_cases(form: Form) -> tuple[Case, ...]:
    """Read the tests of a rule, of which at least one is a hit and one a miss."""
    before = form.mistakes.count()
    found = [_case(case) for case in form.forms("tests")]
    if form.mistakes.count() > before:
        return ()
    cases = tuple(case for case in found if case is not None)
    for is_hit, word in ((True, "hit: true"), (False, "hit: false")):
        if not any(case.is_hit is is_hit for case in cases):
            form.add("tests", f"no test with {word}", "a rule is shown by one hit and one miss")
    _check_names(form, cases)
    return cases


def _check_names(form: Form, cases: tuple[Case, ...]) -> None:
    names = [case.name for case in cases]
    for number, case in enumerate(cases):
        if case.name in names[:number]:
            form.mistakes.add(case.place, form.called("tests"), f'two tests named "{case.name}"')


def _case(form: Form) -> Case | None:
    reader = EventReader(_now(form))
    history: list[Transaction] = []
    for entry in form.forms("history", required=False):
        history += reader.read(entry, _offset(entry))
    event = form.form("event")
    judged = reader.read(event, _offset(event) if event.has("at") else 0) if event else []
    case = (
        Case(
            name=form.text("name"),
            place=form.table.place,
            history=tuple(history),
            event=judged[-1],
            is_hit=form.truth("hit"),
            score=form.whole("score", 0, SCORE_MAX) if form.has("score") else None,
            reason=form.optional_text("reason"),
        )
        if judged
        else None
    )
    for key in ("name", "hit", "score", "reason"):
        form.has(key)
    form.close()
    return case


def _now(form: Form) -> int:
    now = form.instant_ms("now", "2026-03-04T12:00:00Z")
    return NOON_MS if now is None else now


def _offset(form: Form) -> int:
    offset = form.duration("at") or 0
    if offset > 0:
        form.add("at", "a history lies before the event", "write at: -5m")
    return offset
