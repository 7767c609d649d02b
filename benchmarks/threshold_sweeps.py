"""Which number of which rule is varied, and over which grid; the shipped one stands in the grid."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from rules.forms import duration_ms
from rules.model import EXACT_WINDOW_MS_MAX, FeatureDefinition, Rule, RuleSet, Status

CARDS, TRANSFERS, MONTH = "cards", "transfers", "month"
TILES = 60
HOLE = "{}"


@dataclass(frozen=True, slots=True)
class Sweep:
    """A part of a condition with a hole in it, or the name of a feature whose window is varied."""

    rule_id: str
    part: str
    grid: tuple[str, ...]

    @property
    def is_window(self) -> bool:
        """Whether it varies a window."""
        return HOLE not in self.part


@dataclass(frozen=True, slots=True)
class Variant:
    """A rule with one number of the grid."""

    sweep: Sweep
    value: str
    rule: Rule
    features: tuple[FeatureDefinition, ...]
    is_shipped: bool


def _of(rule_id: str, part: str, grid: str) -> Sweep:
    return Sweep(rule_id, part, tuple(grid.split()))


SWEEPS = {
    CARDS: (
        _of("card-payment-above-usual", "{} * card_amount_avg_30d", "2 3 4 5 6"),
        _of("card-payment-above-usual", "amount_minor >= {} AND", "5000 10000 15000 20000 30000"),
        _of("card-payment-record", "amount_minor >= {} AND", "15000 20000 22000 25000 30000"),
        _of("card-large-payments-7d", "card_large_payment_count_7d >= {}", "2 3 4 5 6"),
        _of("card-large-payments-7d", "{} * card_amount_avg_30d", "2 3 4 5"),
        _of("card-payment-after-chargeback-28d", "{} * card_amount_avg_30d", "1.5 2 2.5 3 4"),
        _of("card-payment-after-chargeback-28d", "card_chargeback_count_28d", "7d 14d 28d 56d"),
        _of("terminal-chargebacks-14d", "terminal_chargeback_count_14d >= {}", "1 2 3 4 6"),
        _of("terminal-chargebacks-14d", "{} * terminal_payment_count_14d", "0.01 0.02 0.05 0.1"),
        _of("terminal-chargebacks-14d", "terminal_chargeback_count_14d", "7d 14d 28d 56d"),
        _of("card-payments-10m", "card_payment_count_10m >= {}", "3 4 6 8"),
    ),
    TRANSFERS: (
        _of("many-senders-24h", "account_sender_distinct_24h >= {}", "3 4 5 6 8"),
        _of("collected-inside-7d", "inside_sender_distinct_7d >= {}", "3 4 5 6"),
        _of("many-payees-24h", "account_payee_distinct_24h >= {}", "3 4 6 8 10"),
        _of("payee-of-many-24h", "payee_payer_distinct_24h >= {}", "2 3 4 5 6"),
        _of("spread-after-receipt-24h", "account_received_sum_24h >= {}", "50000 100000 300000"),
        _of("collect-and-forward-7d", "account_received_sum_7d >= {}", "50000 100000 300000"),
        _of("in-and-out-1h", "account_received_sum_1h >= {}", "50000 100000 200000"),
        _of("in-and-out-24h", "account_received_sum_24h >= {}", "50000 100000 500000"),
        _of("transfers-out-1h", "account_transfer_out_count_1h >= {}", "2 3 5 8"),
    ),
    MONTH: (
        _of("card-payment-above-usual", "{} * card_amount_avg_30d", "3 4 5 6"),
        _of("card-payment-record", "amount_minor >= {} AND", "22000 30000 50000"),
        _of("card-large-payments-7d", "card_large_payment_count_7d >= {}", "2 3 4 5 6"),
        _of("card-payments-10m", "card_payment_count_10m >= {}", "3 4 6 8"),
        _of("contactless-near-limit-1h", "card_tap_near_limit_count_1h >= {}", "1 2 3 4"),
        _of("online-many-merchants-1h", "card_online_merchant_distinct_1h >= {}", "2 3 4 5"),
        _of("new-payee-large-transfer", "amount_minor >= {} AND", "100000 250000 500000"),
        _of("new-payee-again-24h", "account_sent_sum_24h >= {}", "100000 200000 300000"),
        _of("payee-of-many-24h", "payee_payer_distinct_24h >= {}", "2 3 4 5"),
        _of("spread-after-receipt-24h", "account_payee_distinct_24h >= {}", "2 3 4 5"),
        _of("even-pieces-24h", "account_payee_distinct_24h >= {}", "3 4 5 6"),
        _of("many-payees-24h", "account_payee_distinct_24h >= {}", "3 4 6 8"),
        _of("many-senders-24h", "account_sender_distinct_24h >= {}", "2 3 4 8"),
        _of("in-and-out-24h", "account_received_sum_24h >= {}", "100000 200000 500000"),
        _of("dormant-account-credit", "amount_minor >= {} AND", "50000 100000 200000"),
        _of("dormant-account-debit", "amount_minor >= {} AND", "10000 20000 50000"),
        _of("large-transfer", "amount_minor >= {}", "500000 1000000 1500000 3000000"),
        _of("many-refunds-7d", "account_refund_count_7d >= {}", "2 3 4 5"),
        _of("refunds-exceed-purchases-30d", "card_refund_sum_30d >= {} AND", "5000 10000 20000"),
        _of("split-cash-in-24h", "account_cash_in_part_count_24h >= {}", "2 3 4"),
        _of("cash-in-many-branches-24h", "account_cash_in_branch_distinct_24h >= {}", "2 3"),
        _of("cash-in-sent-on-24h", "account_cash_in_part_sum_24h >= {}", "50000 100000 300000"),
        _of("cash-out-count-1h", "account_cash_out_count_1h >= {}", "2 3 4"),
        _of("midnight-cash-out", "account_cash_out_sum_24h >= {}", "20000 40000 80000"),
        _of("transfers-out-1h", "account_transfer_out_count_1h >= {}", "2 3 5 8"),
        _of("round-transfers-7d", "account_round_transfer_count_7d >= {}", "1 2 4"),
    ),
}


def variants(rule_set: RuleSet, sweeps: Sequence[Sweep]) -> list[Variant]:
    """Every number of every grid, or `ValueError` where the shipped one is not among them."""
    found = []
    for sweep in sweeps:
        those = list(_variants(rule_set, sweep))
        if sum(variant.is_shipped for variant in those) != 1:
            raise ValueError(f"{sweep.rule_id}: what is shipped is not in the grid: {sweep.part}")
        found += those
    return found


def _variants(rule_set: RuleSet, sweep: Sweep) -> Iterator[Variant]:
    rule = next(rule for rule in rule_set.rules if rule.id == sweep.rule_id)
    features = tuple(item for item in rule_set.features if item.name in rule.features)
    for value in sweep.grid:
        if sweep.is_window:
            yield _with_window(rule, features, sweep, value)
        else:
            yield _with_number(rule, features, sweep, value)


def _with_number(
    rule: Rule, features: tuple[FeatureDefinition, ...], sweep: Sweep, value: str
) -> Variant:
    before, _, after = (re.escape(part) for part in sweep.part.partition(HOLE))
    number = re.compile(rf"{before}(?<![\d.])([\d.]+)(?![\d.]){after}")
    shipped = number.search(rule.when)
    when = number.sub(sweep.part.replace(HOLE, value), rule.when, count=1)
    is_shipped = shipped is not None and shipped[1] == value
    return Variant(sweep, value, _alone(rule, when, rule.features), features, is_shipped)


def _with_window(
    rule: Rule, features: tuple[FeatureDefinition, ...], sweep: Sweep, value: str
) -> Variant:
    window = duration_ms(value) or 0
    (own,) = (item for item in features if item.name == sweep.part)
    name = f"{own.name}_over_{value}"
    tile = None if window <= EXACT_WINDOW_MS_MAX else window // TILES
    is_shipped = window == own.window_ms
    tile = own.tile_ms if is_shipped else tile
    other = replace(own, name=name, window_ms=window, tile_ms=tile)
    names = tuple(name if each == own.name else each for each in rule.features)
    changed = _alone(rule, rule.when.replace(own.name, name), names)
    rest = tuple(item for item in features if item is not own)
    return Variant(sweep, value, changed, (*rest, other), is_shipped)


def _alone(rule: Rule, when: str, features: tuple[str, ...]) -> Rule:
    """The rule with another condition: live, with one score and no names in its reason."""
    return replace(
        rule,
        when=when,
        features=features,
        status=Status.LIVE,
        score=1,
        band_of=None,
        bands=(),
        reason=rule.id,
    )


def rule_set_of(rule_set: RuleSet, found: Sequence[Variant]) -> RuleSet:
    """All variants side by side, numbered."""
    features = {item.name: item for variant in found for item in variant.features}
    return replace(
        rule_set,
        rules=tuple(replace(variant.rule, id=str(number)) for number, variant in enumerate(found)),
        features=tuple(features[name] for name in sorted(features)),
        lists=tuple(item for item in rule_set.lists if item.kind == "reference"),
    )
