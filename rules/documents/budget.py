"""The budget of a catalogue: how much comes in, and what remembering it may cost."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from rules.features.fields import TEXT_BYTES, WINDOW_MS_MAX
from rules.forms import Form, duration_text
from rules.mistakes import did_you_mean

NUMBER_MAX = 10**12
MEGABYTES_MAX = 10**7
MICROSECONDS_MAX = 100_000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """`keys` says how many different values a field has, or several fields together."""

    events_per_day: int = 5_000_000
    keys: Mapping[tuple[str, ...], int] = field(default_factory=dict)
    state_megabytes: int = 2_048
    feature_megabytes: int = 512
    microseconds_per_event: float = 20.0
    window_max_ms: int = WINDOW_MS_MAX


def read_budget(form: Form) -> Budget:
    """Read `budget.yaml`."""
    window_max = form.duration("window_max")
    budget = Budget(
        events_per_day=form.whole("events_per_day", 1, NUMBER_MAX),
        keys=_keys(form),
        state_megabytes=form.whole("state_megabytes", 1, MEGABYTES_MAX),
        feature_megabytes=form.whole("feature_megabytes", 1, MEGABYTES_MAX),
        microseconds_per_event=form.number("microseconds_per_event", 0.1, MICROSECONDS_MAX),
        window_max_ms=window_max or WINDOW_MS_MAX,
    )
    if window_max is not None and not 0 < window_max <= WINDOW_MS_MAX:
        form.add("window_max", "out of range", f"use up to {duration_text(WINDOW_MS_MAX)}")
    form.close()
    return budget


def _keys(form: Form) -> dict[tuple[str, ...], int]:
    found = {}
    for key, number in form.counts("keys", 1, NUMBER_MAX).items():
        names = tuple(name.strip() for name in key.split("+"))
        for name in names:
            if name not in TEXT_BYTES:
                _refuse(form, key, name)
        found[names] = number
    return found


def _refuse(form: Form, key: str, name: str) -> None:
    below = form.form("keys")
    assert below is not None
    hint = did_you_mean(name, TEXT_BYTES)
    message = f'"{name}" is no field to group by'
    form.mistakes.add(below.key_place(key), below.called(key), message, hint)
