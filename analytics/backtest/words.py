"""How figures are written, alike in the terminal and in Markdown."""

from analytics.backtest.values import Amounts, Proportion, Ratio, Verdicts
from data_contracts.decision import Verdict
from data_contracts.money import currencies

NOTHING = "-"
DIGITS_DEFAULT = 2
TENS = 10


def count(number: int | None) -> str:
    """`1,234`, or a dash."""
    return NOTHING if number is None else f"{number:,}"


def counted(number: int, word: str) -> str:
    """`1 rule`, `1,234 rules`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"


def per_day(number: float) -> str:
    """`1.23`, `12.3`, `1,234.5`: alerts, or hours."""
    return f"{number:,.2f}" if number < TENS else f"{number:,.1f}"


def signed(number: float) -> str:
    """`+1.53`, `-10.2`, `±0`."""
    if round(number, 2) == 0:
        return "±0"
    return f"{number:+,.2f}" if abs(number) < TENS else f"{number:+,.1f}"


def signed_count(number: int) -> str:
    """`+1,234`, `-5`, `±0`."""
    return f"{number:+,}" if number else "±0"


def share(number: float) -> str:
    """`12.3 %`; what is less than a tenth of a percent but not nought is said to be so."""
    if 0 < number < 0.001:  # noqa: PLR2004  (a tenth of a percent)
        return "< 0.1 %"
    return f"{100 * number:.1f} %"


def share_of(number: int, of: int) -> str:
    """The share, or a dash where there is nothing to share."""
    return share(number / of) if of else NOTHING


def interval(found: Proportion | None) -> str:
    """`61.2 % (58.0-64.3)`."""
    if found is None:
        return NOTHING
    return f"{share(found.share)} ({100 * found.low:.1f}-{100 * found.high:.1f})"


def ratio(found: Ratio | None) -> str:
    """`3.20 : 1 (2.91-3.62)`."""
    if found is None:
        return NOTHING
    if found.ratio is None:
        return "no true one"
    return f"{_number(found.ratio)} : 1 ({_number(found.low)}-{_number(found.high)})"


def _number(value: float | None) -> str:
    if value is None:
        return "∞"
    return f"{value:.2f}" if value < TENS else f"{value:.1f}"


def money(amounts: Amounts) -> str:
    """`1,235 EUR, 20 USD`: whole units are enough to compare by."""
    if not amounts:
        return NOTHING
    return ", ".join(
        f"{round(minor / 10 ** currencies().get(currency, DIGITS_DEFAULT)):,} {currency}"
        for currency, minor in amounts.items()
    )


def verdicts(found: Verdicts) -> str:
    """`10/80/10`: per cent approved, reviewed and declined."""
    if not found.total:
        return NOTHING
    return "/".join(f"{100 * found.count(verdict) / found.total:.0f}" for verdict in Verdict)
