"""The files of `rules/operations/`: one rule over the operation each, complete with its tests."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from data_contracts.decision import Severity
from rules.forms import Form, read_form
from rules.mistakes import Mistakes, Place, did_you_mean
from rules.operation_rules import PLACES, Kind, Measured, OperationRule, Usual, is_hit
from rules.reasons import PLACE
from rules.words import ID, is_id

FOLDER = Path(__file__).parent / "operations"
TILE_MS = 10_000  # Every window and step is made of tiles of this length.
WINDOW_MS_MAX = 6 * 3_600_000
COUNT_MAX = 10**9
HISTORY_MAX = 10_000

Threshold = int | float | Usual


class WrongOperationRules(ValueError):
    """Files with mistakes, all of them told at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One test of a rule: what was measured, and whether that is a hit."""

    name: str
    place: Place
    measured: Measured
    is_hit: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OperationDocument:
    """A rule with its tests."""

    rule: OperationRule
    cases: tuple[Case, ...]


def load(folder: Path = FOLDER) -> tuple[OperationRule, ...]:
    """Every rule of a folder, or `WrongOperationRules` with all mistakes."""
    mistakes = Mistakes()
    documents = read_folder(folder, mistakes)
    if mistakes.count():
        listed = "\n".join(mistake.shown() for mistake in mistakes.in_order())
        raise WrongOperationRules(f"{mistakes.count()} mistakes:\n{listed}")
    return tuple(document.rule for document in documents)


def read_folder(folder: Path, mistakes: Mistakes) -> list[OperationDocument]:
    """Read every file of a folder and run its tests; mistakes go into the notebook."""
    forms = [
        read_form(path, str(path.relative_to(folder.parent.parent)), mistakes)
        for path in sorted(folder.glob("*.yaml"))
    ]
    documents = [_document(form) for form in forms if form is not None]
    _check_ids(documents, mistakes)
    return [document for document, _ in documents]


def _check_ids(documents: Sequence[tuple[OperationDocument, Form]], mistakes: Mistakes) -> None:
    first: dict[str, Place] = {}
    for document, form in documents:
        place = first.setdefault(document.rule.id, form.place("id"))
        if place != form.place("id"):
            mistakes.add(form.place("id"), "id", f"this id stands in {place.path} already")


def _document(form: Form) -> tuple[OperationDocument, Form]:
    before = form.mistakes.count()
    kind = form.choice("kind", Kind)
    rule = OperationRule(
        id=_id(form),
        version=form.whole("version", 1, 1_000_000),
        title=form.text("title"),
        kind=kind,
        severity=form.choice("severity", Severity),
        owner=form.text("owner"),
        reason=_reason(form),
        runbook=form.text("runbook"),
        **_THRESHOLDS[kind](form),  # type: ignore[arg-type]  # each reader names what it reads
    )
    cases = tuple(_case(case) for case in form.forms("tests"))
    form.close()
    document = OperationDocument(rule=rule, cases=cases)
    if form.mistakes.count() == before:
        _run(document, form)
    return document, form


def _id(form: Form) -> str:
    text = form.text("id")
    if text and not is_id(text):
        form.add("id", f'"{text}" is no id', ID)
    return text


def _reason(form: Form) -> str:
    scalar = form.scalar("reason")
    if scalar is None:
        return ""
    for match in PLACE.finditer(scalar.text):
        if match[1] not in PLACES:
            place = scalar.place_at(match.start(1))
            hint = did_you_mean(match[1], PLACES)
            form.mistakes.add(place, "reason", f'nothing is called "{match[1]}"', hint)
    if set("{}") & set(PLACE.sub("", scalar.text)):
        form.add("reason", "a brace without its partner", "write {count}")
    return scalar.text.strip()


def _window(form: Form) -> dict[str, Threshold]:
    window = _tiles(form, "window", form.duration("window"))
    every = _tiles(form, "every", form.duration("every", required=False) or window)
    if every and window % every:
        form.add("every", "does not divide the window")
    return {"window_ms": window, "every_ms": every}


def _tiles(form: Form, key: str, found: int | None) -> int:
    if found is None:
        return TILE_MS
    if not TILE_MS <= found <= WINDOW_MS_MAX or found % TILE_MS:
        form.add(key, "out of range", "use whole multiples of 10s, up to 6h")
        return TILE_MS
    return found


def _against_usual(form: Form) -> dict[str, Threshold]:
    return _window(form) | {
        "usual": form.choice("usual", Usual, Usual.HOUR),
        "history": form.whole("history", 1, HISTORY_MAX),
        "least": form.whole("least", 1, COUNT_MAX),
    }


def _drop(form: Form) -> dict[str, Threshold]:
    return _against_usual(form) | {"times": form.number("times", 0.01, 0.99)}


def _surge(form: Form) -> dict[str, Threshold]:
    return _against_usual(form) | {"times": form.number("times", 1.01, 1_000)}


def _ratio(form: Form) -> dict[str, Threshold]:
    return _window(form) | {
        "usual": form.choice("usual", Usual, Usual.HOUR),
        "history": form.whole("history", 1, HISTORY_MAX),
        "least": form.whole("least", 1, COUNT_MAX),
        "above": form.number("above", 0.0, 0.99),
        "times": form.number("times", 1.0, 1_000),
    }


def _lag(form: Form) -> dict[str, Threshold]:
    return {
        "older_than_ms": form.duration("older_than") or 0,
        "least": form.whole("least", 1, COUNT_MAX),
    }


_THRESHOLDS: dict[Kind, Callable[[Form], dict[str, Threshold]]] = {
    Kind.VOLUME_DROP: _drop,
    Kind.VOLUME_SURGE: _surge,
    Kind.SILENCE: _against_usual,
    Kind.DECLINE_RATIO: _ratio,
    Kind.REFUSAL_RATIO: _ratio,
    Kind.SCORING_LAG: _lag,
}


def _case(form: Form) -> Case:
    case = Case(
        name=form.text("name"),
        place=form.table.place,
        measured=Measured(
            whole=form.whole("count", 0, COUNT_MAX),
            part=form.whole("part", 0, COUNT_MAX, 0),
            usual_whole=form.number("usual", 0, COUNT_MAX) if form.has("usual") else None,
            usual_part=form.number("usual_part", 0, COUNT_MAX, 0),
            windows=form.whole("windows", 0, COUNT_MAX, 0),
            age_ms=form.duration("age", required=False) or 0,
        ),
        is_hit=form.truth("hit"),
    )
    form.close()
    return case


def _run(document: OperationDocument, form: Form) -> None:
    for is_expected, word in ((True, "hit: true"), (False, "hit: false")):
        if not any(case.is_hit is is_expected for case in document.cases):
            form.add("tests", f"no test with {word}", "a rule is shown by one hit and one miss")
    for case in document.cases:
        if is_hit(document.rule, case.measured) is not case.is_hit:
            found = "a miss" if case.is_hit else "a hit"
            form.mistakes.add(case.place, "tests", f'"{case.name}" is {found}')
