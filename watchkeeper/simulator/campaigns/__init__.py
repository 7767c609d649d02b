"""The attacks that can be planted, by the typology under which rules are meant to catch them."""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from rules.mistakes import did_you_mean
from watchkeeper.errors import Failure
from watchkeeper.simulator.campaigns import (
    account_takeover,
    card_not_present,
    card_testing,
    compromised_terminal,
    contactless_limit,
    dormant_account,
    fan_in,
    fan_out,
    high_risk_country,
    impossible_travel,
    large_amount,
    merchant_collusion,
    mule_account,
    new_payee,
    night_cash_out,
    rapid_in_out,
    refund_abuse,
    round_amounts,
    structuring,
    velocity,
)
from watchkeeper.simulator.scene import Move, Scene

Stage = Callable[[Scene], Sequence[Move]]
ALL, NONE = "all", "none"

CAMPAIGNS: Mapping[str, Stage] = MappingProxyType(
    {
        "account-takeover": account_takeover.stage,
        "card-not-present": card_not_present.stage,
        "card-testing": card_testing.stage,
        "compromised-terminal": compromised_terminal.stage,
        "contactless-limit": contactless_limit.stage,
        "dormant-account": dormant_account.stage,
        "fan-in": fan_in.stage,
        "fan-out": fan_out.stage,
        "high-risk-country": high_risk_country.stage,
        "impossible-travel": impossible_travel.stage,
        "large-amount": large_amount.stage,
        "merchant-collusion": merchant_collusion.stage,
        "mule-account": mule_account.stage,
        "new-payee": new_payee.stage,
        "night-cash-out": night_cash_out.stage,
        "rapid-in-out": rapid_in_out.stage,
        "refund-abuse": refund_abuse.stage,
        "round-amounts": round_amounts.stage,
        "structuring": structuring.stage,
        "velocity": velocity.stage,
    }
)


def chosen(wanted: str) -> tuple[str, ...]:
    """The typologies that `none`, `all` or a list with commas names, each once, in order."""
    if wanted.strip() in {ALL, NONE, ""}:
        return tuple(CAMPAIGNS) if wanted.strip() == ALL else ()
    names = {part.strip() for part in wanted.split(",")}
    for name in sorted(names - set(CAMPAIGNS)):
        near = did_you_mean(name, CAMPAIGNS).capitalize()
        raise Failure(f'There is no attack "{name}".', near or f"There are {', '.join(CAMPAIGNS)}.")
    return tuple(name for name in CAMPAIGNS if name in names)
