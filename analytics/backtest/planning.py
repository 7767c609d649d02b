"""A plan: what publishing a rule set would change, and whether its budgets allow it."""

from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

from analytics.backtest.comparison import Comparison
from analytics.backtest.values import Backtest
from data_contracts.money import Money
from rules.costs import MEGABYTE, Costs
from rules.difference import Change
from rules.model import Policy, RuleSet

MINUTES = 60


class Breach(msgspec.Struct, frozen=True, kw_only=True):
    """A declared budget that is passed; `rule_id` is None where it is the one of the whole."""

    rule_id: str | None
    budget: int
    alerts_per_day: float


class Work(msgspec.Struct, frozen=True, kw_only=True):
    """What a day's alerts cost, as far as the policy says: analyst hours, and their money."""

    alerts_per_day: float
    hours_per_day: float | None = None
    cost_per_day: Money | None = None


class Upkeep(msgspec.Struct, frozen=True, kw_only=True):
    """What it takes to run a rule set, estimated from the cardinalities in `budget.yaml`."""

    state_megabytes: float
    microseconds_per_event: float


class Checks(msgspec.Struct, frozen=True, kw_only=True):
    """What was looked at before: mistakes would have ended the plan, warnings do not."""

    rules: int
    warnings: int
    tests: int


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """From the rule set `against` to `rule_set`, the one that `rules approve` takes."""

    rule_set: str
    against: str
    checks: Checks
    changes: tuple[Change, ...]
    work_now: Work
    work_then: Work
    upkeep_now: Upkeep
    upkeep_then: Upkeep
    budget: int | None
    breaches: tuple[Breach, ...]
    comparison: Comparison

    @property
    def is_within_budget(self) -> bool:
        """Whether every declared budget holds."""
        return not self.breaches

    @property
    def is_nothing(self) -> bool:
        """Whether it is the very set that counts already."""
        return self.rule_set == self.against


@dataclass(frozen=True, slots=True)
class Effort:
    """What running takes now and then."""

    now: Costs
    then: Costs


def planned(
    then: RuleSet, checks: Checks, changes: Sequence[Change], comparison: Comparison, effort: Effort
) -> Plan:
    """Put a plan together; hours and budgets are those of the new set."""
    return Plan(
        rule_set=comparison.then.rule_set,
        against=comparison.now.rule_set,
        checks=checks,
        changes=tuple(changes),
        work_now=work(comparison.now, then.policy),
        work_then=work(comparison.then, then.policy),
        upkeep_now=_upkeep(effort.now),
        upkeep_then=_upkeep(effort.then),
        budget=then.policy.alert_budget_per_day,
        breaches=breaches(comparison.then, then),
        comparison=comparison,
    )


def _upkeep(costs: Costs) -> Upkeep:
    return Upkeep(state_megabytes=costs.bytes / MEGABYTE, microseconds_per_event=costs.microseconds)


def work(found: Backtest, policy: Policy) -> Work:
    """Alerts as hours and money."""
    alerts = found.flagged.alerts_per_day
    if policy.minutes_per_alert is None:
        return Work(alerts_per_day=alerts)
    hours, cost = alerts * policy.minutes_per_alert / MINUTES, policy.analyst_hour
    return Work(
        alerts_per_day=alerts,
        hours_per_day=hours,
        cost_per_day=None if cost is None else Money(round(hours * cost.minor), cost.currency),
    )


def breaches(found: Backtest, rule_set: RuleSet) -> tuple[Breach, ...]:
    """The budgets that are passed: the whole one first, then those of rules."""
    alerts = {item.rule_id: item.effect.alerts_per_day for item in found.rules}
    declared = [
        (None, rule_set.policy.alert_budget_per_day, found.flagged.alerts_per_day),
        *((rule.id, rule.alert_budget_per_day, alerts[rule.id]) for rule in rule_set.rules),
    ]
    return tuple(
        Breach(rule_id=rule_id, budget=budget, alerts_per_day=per_day)
        for rule_id, budget, per_day in declared
        if budget is not None and per_day > budget
    )
