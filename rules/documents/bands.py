"""Bands of a rule: half-open ranges that together cover the whole line, each once."""

from rules.expressions.kinds import NUMERIC_KINDS
from rules.expressions.names import Names
from rules.forms import Form
from rules.model import Band

NUMBER_MAX = 1e15
SCORE_MAX = 100


def read_band_of(form: Form, names: Names) -> str | None:
    """The field or feature that the bands divide."""
    name = form.optional_text("band_of")
    if name is None:
        return None
    found = names.type_of(name)
    if name in names.broken:
        return name
    if found is None:
        form.add("band_of", f'unknown field or feature "{name}"', names.hint(name))
    elif found.kind not in NUMERIC_KINDS:
        form.add("band_of", f'"{name}" is {found.kind}, no number', "bands divide a number")
    return name


def read_bands(form: Form) -> tuple[Band, ...]:
    """Read the bands, from the lowest to the highest."""
    forms = form.forms("bands")
    bands = [_band(item) for item in forms]
    if not bands:
        form.add("bands", "there is no band", "give at least one with a score")
    before = form.mistakes.count()
    for number, item in enumerate(forms):
        _check_edges(item, bands, number)
    if forms and form.mistakes.count() == before and bands[-1].below is not None:
        message = f"nothing covers {bands[-1].below:g} and above"
        forms[-1].add("below", message, "leave `below` out of the last band")
    return tuple(bands)


def _band(form: Form) -> Band:
    has_low, has_high = form.has("at_least"), form.has("below")
    band = Band(
        at_least=form.number("at_least", -NUMBER_MAX, NUMBER_MAX) if has_low else None,
        below=form.number("below", -NUMBER_MAX, NUMBER_MAX) if has_high else None,
        score=form.whole("score", 0, SCORE_MAX),
        reason=form.optional_text("reason"),
    )
    form.close()
    return band


def _check_edges(form: Form, bands: list[Band], number: int) -> None:
    band = bands[number]
    if band.at_least is not None and band.below is not None and band.at_least >= band.below:
        form.add("below", "the band is empty", f"more than {band.at_least:g}")
    if number == 0:
        if band.at_least is not None:
            message = f"nothing covers what is below {band.at_least:g}"
            form.add("at_least", message, "leave `at_least` out of the first band")
        return
    edge = bands[number - 1].below
    if edge is None:
        form.mistakes.add(
            form.table.place, form.path, "the band before has no end", "give it a `below`"
        )
    elif band.at_least is None or band.at_least != edge:
        low = "the beginning" if band.at_least is None else f"{band.at_least:g}"
        word = "gap" if band.at_least is not None and band.at_least > edge else "overlap"
        message = f"{word}: the band before ends at {edge:g}, and this one begins at {low}"
        form.add("at_least", message, f"write at_least: {edge:g}")
