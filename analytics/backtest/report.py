"""What a backtest tells a person: the whole on one screen, then rule by rule, then the pairs."""

from collections.abc import Sequence

from analytics.backtest import words
from analytics.backtest.pictures import alerts_by_day, day_text
from analytics.backtest.sheets import Block, Paper, Picture, Sheet, Words
from analytics.backtest.values import Backtest, Overlap, Period, RuleEffect
from data_contracts.decision import Verdict
from rules.model import Status

PAIRS_SHOWN, SILENT_SHOWN = 15, 12

ALERT = (
    "An alert is what an analyst gets to see: transactions that are reviewed or declined and not "
    "kept quiet by suppression, those of one account on one day (UTC, by occurred_at) together. "
    "A rule's alerts are those that it has part in."
)
INTERVALS = (
    "In brackets: 95 % intervals after Wilson; those of the false-positive ratio (false ones for "
    "each true one) follow from the precision's."
)


def paper(found: Backtest, source: str) -> Paper:
    """The report of one backtest."""
    return Paper(
        "Backtest",
        [
            Words(f"Rule set {found.rule_set} over {of_period(found, source)}."),
            *_warnings(found.period),
            summary(found),
            chart(found),
            *rules_sheets(found),
            *pairs(found.overlaps),
            Words(ALERT, is_small=True),
        ],
    )


def of_period(found: Backtest, source: str) -> str:
    """`1,234 transactions of FILE, 1 April 2018 to 31 July 2018 (122 days)`."""
    period = found.period
    return (
        f"{words.counted(found.transactions, 'transaction')} of {source}, "
        f"{day_text(period.first.date())} to {day_text(period.last.date())} "
        f"({words.counted(period.days, 'day')})"
    )


def _warnings(period: Period) -> Sequence[Block]:
    if period.is_whole_from <= period.first:
        return ()
    if period.is_whole_from > period.last:
        text = "No transaction has as long a past as the longest window needs"
    else:
        day = day_text(period.is_whole_from.date())
        text = f"Until {day} the longest windows reach back to before the first transaction"
    mend = "features know less than they will in production; begin later with --from."
    return (Words(f"{text}: {mend}", is_small=True),)


def summary(found: Backtest) -> Sheet:
    """The whole in a few lines."""
    flagged = found.flagged
    rows = [
        ("alerts per day", words.per_day(flagged.alerts_per_day)),
        ("alerts", words.count(flagged.alerts)),
        *((verdict.value, _verdict(found, verdict)) for verdict in Verdict),
        ("kept quiet by suppression", words.count(found.quiet)),
        ("customers touched", words.count(flagged.customers)),
        ("money reviewed or declined", words.money(flagged.amounts)),
        *_quality_rows(found),
    ]
    return Sheet(title="The whole", headings=("", ""), rows=tuple(rows))


def _verdict(found: Backtest, verdict: Verdict) -> str:
    number = found.verdicts.count(verdict)
    return f"{words.count(number)} ({words.share_of(number, found.transactions)})"


def _quality_rows(found: Backtest) -> list[tuple[str, str]]:
    quality = found.flagged.quality
    if quality is None:
        return []
    rows = [
        ("fraud among the labelled", _frauds(found)),
        ("precision", words.interval(quality.precision)),
        ("recall", words.interval(quality.recall)),
        ("false positives for each true one", words.ratio(quality.false_positive_ratio)),
    ]
    cards = found.card_precision
    if cards is not None:
        name = f"card precision@{cards.cards}, mean of {words.counted(cards.days, 'day')}"
        rows.append((name, f"{cards.mean:.3f}"))
    return rows


def _frauds(found: Backtest) -> str:
    frauds, labelled = found.frauds or 0, found.labelled or 0
    return f"{words.count(frauds)} of {words.count(labelled)} ({words.share_of(frauds, labelled)})"


def chart(found: Backtest) -> Picture:
    """Alerts per day over the period."""
    return Picture("Alerts per day", alerts_by_day(found.days))


def rules_sheets(found: Backtest) -> Sequence[Block]:
    """Rule by rule, those with the most alerts first; those that never hit in one sentence."""
    ordered = sorted((rule for rule in found.rules if rule.hits), key=_most_alerts)
    silent = [_named(rule) for rule in found.rules if not rule.hits]
    blocks: list[Block] = [
        Sheet(
            title="Rule by rule",
            headings=("rule", "hits", "alerts/day", "shared", "touched", "money", "a/r/d %"),
            rows=tuple(map(_rule, ordered)),
            note=(
                "shared: hits that another rule has too; touched: customers; a/r/d: how what it "
                "hits was approved, reviewed or declined."
            ),
        )
    ]
    if found.labelled is not None:
        rows = tuple(_quality(rule) for rule in ordered)
        headings = ("rule", "precision", "recall", "false : true")
        blocks.append(
            Sheet(title="How well each rule tells", headings=headings, rows=rows, note=INTERVALS)
        )
    if silent:
        more = len(silent) - SILENT_SHOWN
        rest = f" and {words.counted(more, 'rule')} more" if more > 0 else ""
        named = ", ".join(silent[:SILENT_SHOWN])
        blocks.append(Words(f"Without a hit: {named}{rest}.", is_small=True))
    return blocks


def _most_alerts(rule: RuleEffect) -> tuple[int, int, str]:
    return (-rule.effect.alerts, -rule.hits, rule.rule_id)


def _named(rule: RuleEffect) -> str:
    return rule.rule_id if rule.status is Status.LIVE else f"{rule.rule_id} ({rule.status})"


def _rule(rule: RuleEffect) -> tuple[str, ...]:
    effect = rule.effect
    return (
        _named(rule),
        words.count(rule.hits),
        words.per_day(effect.alerts_per_day),
        words.NOTHING if rule.shared is None else words.share(rule.shared.share),
        words.count(effect.customers),
        words.money(effect.amounts),
        words.verdicts(effect.verdicts),
    )


def _quality(rule: RuleEffect) -> tuple[str, ...]:
    quality = rule.effect.quality
    if quality is None:
        return (_named(rule), *(words.NOTHING,) * 3)
    return (
        _named(rule),
        words.interval(quality.precision),
        words.interval(quality.recall),
        words.ratio(quality.false_positive_ratio),
    )


def pairs(overlaps: Sequence[Overlap]) -> Sequence[Block]:
    """The pairs of rules that hit the same transactions, the largest first."""
    if not overlaps:
        return ()
    shown = overlaps[:PAIRS_SHOWN]
    left_out = len(overlaps) - len(shown)
    return (
        Sheet(
            title="Rules that hit together",
            headings=("rule", "and", "both", "of the first", "of the second"),
            rows=tuple(
                (
                    pair.rule_id,
                    pair.other_id,
                    words.count(pair.both),
                    words.share(pair.share_of_rule),
                    words.share(pair.share_of_other),
                )
                for pair in shown
            ),
            left=2,
            note=f"{words.counted(left_out, 'pair')} more in --json." if left_out else "",
        ),
    )
