"""What a plan tells a person: the verdict in a line, the effect in a table, then details."""

from collections.abc import Sequence

from analytics.backtest import words
from analytics.backtest.comparison import Comparison, Flip, RuleChange
from analytics.backtest.pictures import alerts_by_day
from analytics.backtest.planning import Breach, Plan, Upkeep
from analytics.backtest.report import ALERT, of_period
from analytics.backtest.sheets import Block, Headline, Paper, Picture, Sheet, Words
from analytics.backtest.values import Backtest
from data_contracts.money import Money
from rules.difference import Change

LINES_SHOWN = 40
HASH_LETTERS = 12


def paper(plan: Plan, source: str) -> Paper:
    """The report of a plan."""
    found = plan.comparison
    details: Sequence[Block] = (
        () if plan.is_nothing else (*_details(plan), Words(ALERT, is_small=True))
    )
    return Paper(
        f"Plan for rule set {plan.rule_set[:HASH_LETTERS]}",
        [
            Headline(verdict(plan), plan.is_within_budget),
            Words(
                f"From {plan.against[:HASH_LETTERS]} to {plan.rule_set[:HASH_LETTERS]}, both over "
                f"{of_period(found.then, source)}. {_checks(plan)}",
                is_small=True,
            ),
            effect(plan),
            *details,
            Words(_next(plan)),
        ],
    )


def verdict(plan: Plan) -> str:
    """The one line that matters."""
    if plan.breaches:
        return f"✗ Past the budget: {'; '.join(map(_breach, plan.breaches))}."
    if plan.is_nothing:
        return "✓ Nothing changes: this rule set is the one that counts now."
    found = plan.comparison
    if found.is_nothing:
        return "✓ Nothing changes for these transactions: no decision, no hit, no alert."
    flipped = sum(flip.transactions for flip in found.flips)
    change = plan.work_then.alerts_per_day - plan.work_now.alerts_per_day
    return (
        f"✓ {words.per_day(plan.work_then.alerts_per_day)} alerts per day "
        f"({words.signed(change)}); {words.counted(flipped, 'decision')} of "
        f"{words.count(found.then.transactions)} would change."
    )


def _breach(breach: Breach) -> str:
    whose = "" if breach.rule_id is None else f"{breach.rule_id}: "
    return f"{whose}{words.per_day(breach.alerts_per_day)} alerts per day of {breach.budget:,}"


def _checks(plan: Plan) -> str:
    checks = plan.checks
    warned = f", {words.counted(checks.warnings, 'warning')}" if checks.warnings else ""
    return (
        f"{words.counted(checks.rules, 'rule')}: no mistake{warned}, "
        f"{words.counted(checks.tests, 'test')} passed."
    )


def _next(plan: Plan) -> str:
    if plan.breaches:
        return (
            "Raise thresholds, suppress, or leave the rule in shadow; or declare a larger "
            "alert_budget_per_day, which is part of what a second person approves."
        )
    if plan.is_nothing:
        return f"Rule set {plan.rule_set}"
    return (
        f"Rule set {plan.rule_set}\n"
        "Put it before another person with `watchkeeper rules propose`; they approve it with "
        f"`watchkeeper rules approve {plan.rule_set}`."
    )


def effect(plan: Plan) -> Sheet:
    """Now, then and the difference, a line for each figure."""
    now, then, found = plan.work_now, plan.work_then, plan.comparison
    budget = "" if plan.budget is None else f" (budget {plan.budget:,})"
    rows = [_figures(f"alerts per day{budget}", now.alerts_per_day, then.alerts_per_day)]
    if now.hours_per_day is not None and then.hours_per_day is not None:
        rows.append(_figures("analyst hours per day", now.hours_per_day, then.hours_per_day))
    if now.cost_per_day is not None and then.cost_per_day is not None:
        rows.append(_cost(now.cost_per_day, then.cost_per_day))
    rows += [
        _counts("reviewed", found.now.verdicts.review, found.then.verdicts.review),
        _counts("declined", found.now.verdicts.decline, found.then.verdicts.decline),
        _counts("customers touched", found.now.flagged.customers, found.then.flagged.customers),
        *_quality(found.now, found.then),
        *_upkeep(plan.upkeep_now, plan.upkeep_then),
    ]
    touched = (
        f"{words.counted(found.customers_newly_touched, 'customer')} newly touched, "
        f"{words.count(found.customers_no_longer_touched)} no longer."
    )
    return Sheet(
        title="Effect",
        headings=("", "now", "then", "change"),
        rows=tuple(rows),
        note="" if plan.is_nothing else touched,
    )


def _upkeep(now: Upkeep, then: Upkeep) -> list[tuple[str, ...]]:
    memory = _figures("state in MB, estimated", now.state_megabytes, then.state_megabytes)
    time = _figures(
        "µs per event, estimated", now.microseconds_per_event, then.microseconds_per_event
    )
    return [memory, time]


def _figures(name: str, now: float, then: float) -> tuple[str, ...]:
    return name, words.per_day(now), words.per_day(then), words.signed(then - now)


def _counts(name: str, now: int, then: int) -> tuple[str, ...]:
    return name, words.count(now), words.count(then), words.signed_count(then - now)


def _cost(now: Money, then: Money) -> tuple[str, ...]:
    change = then.minor - now.minor
    sign = "±" if not change else "+" if change > 0 else "-"
    text = words.money({then.currency: abs(change)}) if change else "0"
    return (
        "cost per day",
        words.money({now.currency: now.minor}),
        words.money({then.currency: then.minor}),
        f"{sign}{text}",
    )


def _quality(now: Backtest, then: Backtest) -> list[tuple[str, ...]]:
    before, after = now.flagged.quality, then.flagged.quality
    if before is None or after is None:
        return []
    return [
        ("precision", words.interval(before.precision), words.interval(after.precision), ""),
        ("recall", words.interval(before.recall), words.interval(after.recall), ""),
    ]


def _details(plan: Plan) -> Sequence[Block]:
    found = plan.comparison
    return (
        *_changes(plan.changes),
        *_flips(found),
        *_rules(found.rules),
        Picture("Alerts per day", alerts_by_day(found.then.days, found.now.days)),
    )


def _changes(changes: Sequence[Change]) -> Sequence[Block]:
    lines = [line for change in changes for line in change.lines()]
    shown = lines[:LINES_SHOWN]
    left_out = len(lines) - len(shown)
    more = (
        (f"... and {words.counted(left_out, 'line')} more: see `rules diff`",) if left_out else ()
    )
    return (Picture("What is different", (*shown, *more)),) if changes else ()


def _flips(found: Comparison) -> Sequence[Block]:
    if not found.flips:
        return ()
    is_labelled = found.then.labelled is not None
    return (
        Sheet(
            title="Decisions that change",
            headings=(
                "now",
                "then",
                "transactions",
                "customers",
                "money",
                *(("fraud",) if is_labelled else ()),
            ),
            rows=tuple(_flip(flip, is_labelled=is_labelled) for flip in found.flips),
            left=2,
        ),
    )


def _flip(flip: Flip, *, is_labelled: bool) -> tuple[str, ...]:
    usual = (
        flip.now.value,
        flip.then.value,
        words.count(flip.transactions),
        words.count(flip.customers),
        words.money(flip.amounts),
    )
    return (*usual, words.count(flip.frauds)) if is_labelled else usual


def _rules(changes: Sequence[RuleChange]) -> Sequence[Block]:
    if not changes:
        return ()
    ordered = sorted(
        changes,
        key=lambda item: (-abs(item.alerts_per_day_then - item.alerts_per_day_now), item.rule_id),
    )
    return (
        Sheet(
            title="Rules that hit otherwise",
            headings=("rule", "hits now", "hits then", "alerts/day now", "alerts/day then"),
            rows=tuple(
                (
                    item.rule_id,
                    words.count(item.hits_now),
                    words.count(item.hits_then),
                    words.per_day(item.alerts_per_day_now),
                    words.per_day(item.alerts_per_day_then),
                )
                for item in ordered
            ),
        ),
    )
