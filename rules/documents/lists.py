"""Lists and the policy, as YAML has them."""

from collections.abc import Sequence

from data_contracts.decision import SCORE_MAX
from data_contracts.money import AMOUNT_MINOR_MAX, Money, currencies
from rules.expressions.kinds import Kind
from rules.expressions.names import fields
from rules.forms import Form
from rules.mistakes import did_you_mean
from rules.model import EntityList, ListEntry, ListKind, Policy
from rules.words import NAME, is_name

ENTRIES_MAX = 50_000
BUDGET_MAX = 1_000_000
MINUTES_MAX = 10_000


def read_policy(form: Form) -> Policy:
    """Read the thresholds, and what alerts may come to."""
    before = form.mistakes.count()
    has_minutes = form.has("minutes_per_alert")
    policy = Policy(
        review_at=form.whole("review_at", 1, SCORE_MAX),
        decline_at=form.whole("decline_at", 1, SCORE_MAX),
        alert_budget_per_day=read_alert_budget(form),
        minutes_per_alert=form.whole("minutes_per_alert", 1, MINUTES_MAX) if has_minutes else None,
        analyst_hour=_analyst_hour(form, has_minutes=has_minutes),
    )
    if form.mistakes.count() == before and policy.review_at > policy.decline_at:
        form.add("decline_at", "less than review_at", "decline at a higher score than review")
    form.close()
    return policy


def read_alert_budget(form: Form) -> int | None:
    """How many alerts a day there may be on average, where a limit is declared."""
    key = "alert_budget_per_day"
    return form.whole(key, 1, BUDGET_MAX) if form.has(key) else None


def _analyst_hour(form: Form, *, has_minutes: bool) -> Money | None:
    hour = form.form("analyst_hour", required=False)
    if hour is None:
        return None
    currency = hour.text("currency")
    if currency and currency not in currencies():
        hint = did_you_mean(currency, currencies()) or "give the three letters of ISO 4217"
        hour.add("currency", f'unknown currency "{currency}"', hint)
    cost = Money(hour.whole("amount_minor", 1, AMOUNT_MINOR_MAX), currency)
    hour.close()
    if not has_minutes:
        form.missing("minutes_per_alert", "without it an hour's cost says nothing of alerts")
    return cost


def read_list(form: Form) -> EntityList:
    """Read a list with its entries."""
    name = form.text("id")
    if name and not is_name(name):
        form.add("id", f'"{name}" is no list name', NAME)
    kind = form.choice("kind", ListKind)
    field = _field(form, kind)
    entries = _entries(form, kind)
    form.close()
    return EntityList(id=name, kind=kind, field=field, entries=entries)


def _field(form: Form, kind: ListKind) -> str | None:
    if kind is ListKind.REFERENCE:
        if form.has("field"):
            form.add("field", "a reference list has no field", "it is only named in expressions")
        return None
    field = form.text("field")
    found = fields().get(field)
    if field and (found is None or found.kind is not Kind.TEXT):
        texts = [name for name, item in fields().items() if item.kind is Kind.TEXT]
        form.add("field", f'no text field "{field}"', did_you_mean(field, texts))
    return field


def _entries(form: Form, kind: ListKind) -> tuple[ListEntry, ...]:
    forms = form.forms("entries")
    usual = {key: form.optional_text(key) for key in ("owner", "reason")}
    if len(forms) > ENTRIES_MAX:
        form.add("entries", f"more than {ENTRIES_MAX} entries", "keep the others in a second list")
    entries = [_entry(item, kind, usual) for item in forms]
    _check_values(forms, entries)
    return tuple(sorted(entries, key=lambda entry: entry.value))


def _check_values(forms: Sequence[Form], entries: Sequence[ListEntry]) -> None:
    first: dict[str, int] = {}
    for form, entry in zip(forms, entries, strict=True):
        if entry.value in first:
            message = f'"{entry.value}" is on the list twice, first in line {first[entry.value]}'
            form.add("value", message)
        first.setdefault(entry.value, form.place("value").line)


def _entry(form: Form, kind: ListKind, usual: dict[str, str | None]) -> ListEntry:
    is_allowed = kind is ListKind.ALLOW
    for key in ("expires", "amount_minor_max"):
        if is_allowed and not form.has(key):
            form.missing(key, "an allowance has an end and a cap")
    has_cap = form.has("amount_minor_max")
    entry = ListEntry(
        value=form.text("value"),
        owner=form.optional_text("owner") or usual["owner"] or form.text("owner"),
        reason=form.optional_text("reason") or usual["reason"] or form.text("reason"),
        valid_from_ms=form.instant_ms("from", "2027-01-01T00:00:00Z"),
        expires_at_ms=form.instant_ms("expires", "2027-01-01T00:00:00Z"),
        amount_minor_max=form.whole("amount_minor_max", 1, AMOUNT_MINOR_MAX) if has_cap else None,
    )
    form.close()
    return entry
