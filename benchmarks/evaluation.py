"""What a rule set costs: `python -m benchmarks.evaluation`, microseconds per event."""

import platform
import random
import time
from collections.abc import Callable, Sequence
from itertools import cycle, islice
from pathlib import Path

import msgspec

from data_contracts.decision import FeatureValue
from data_contracts.transaction import Channel, Direction, Transaction, TransactionType
from rules.evaluation import Evaluator, compile_rule_set
from rules.expressions.kinds import Kind
from rules.expressions.names import feature_type
from rules.model import FeatureDefinition, RuleSet
from rules.rule_set import load_catalogue
from tests.factories import a_transaction

EVENTS = 20_000
ROUNDS = 5
SEED = 1
MIX = (
    (TransactionType.CARD_PAYMENT, Channel.CARD, Direction.DEBIT, 80),
    (TransactionType.TRANSFER, Channel.ONLINE, Direction.DEBIT, 10),
    (TransactionType.TRANSFER, Channel.ONLINE, Direction.CREDIT, 5),
    (TransactionType.CASH_OUT, Channel.ATM, Direction.DEBIT, 4),
    (TransactionType.CASH_IN, Channel.BRANCH, Direction.CREDIT, 1),
)

Event = tuple[Transaction, tuple[FeatureValue, ...]]


def events(definitions: Sequence[FeatureDefinition]) -> list[Event]:
    """Everyday traffic: small counts, small sums, some features unknown."""
    chance = random.Random(SEED)  # noqa: S311  (no secret hangs on it)
    weights = [weight for *_, weight in MIX]
    found = []
    for kind, channel, direction, _ in chance.choices(MIX, weights, k=EVENTS):
        transaction = a_transaction(
            type=kind, channel=channel, direction=direction, amount_minor=chance.randint(100, 9_000)
        )
        values = tuple(_value(definition, chance) for definition in definitions)
        found.append((transaction, values))
    return found


def _value(definition: FeatureDefinition, chance: random.Random) -> FeatureValue:
    if chance.random() < 0.2:  # noqa: PLR2004  (a fifth is unknown)
        return None
    match feature_type(definition).kind:
        case Kind.WHOLE | Kind.DURATION:
            return chance.randint(0, 2)
        case Kind.NUMBER:
            return chance.uniform(5_000, 9_000)
        case Kind.INSTANT:
            return 1_700_000_000_000
        case Kind.TEXT:
            return "DE"


def microseconds(judge: Callable[[Event], object], some: Sequence[Event]) -> float:
    """The best of some rounds, so that other work on the machine counts least."""
    best = float("inf")
    for _ in range(ROUNDS):
        started = time.perf_counter()
        for event in some:
            judge(event)
        best = min(best, time.perf_counter() - started)
    return best / len(some) * 1e6


def judging(evaluator: Evaluator) -> Callable[[Event], object]:
    """Judge an event."""
    return lambda event: evaluator.judge(event[0], event[1])


def repeated(rule_set: RuleSet, count: int) -> RuleSet:
    """A rule set of `count` rules, made of copies under other ids."""
    copies = [
        msgspec.structs.replace(rule, id=f"{rule.id}-{number}")
        for number, rule in enumerate(islice(cycle(rule_set.rules), count))
    ]
    return msgspec.structs.replace(rule_set, rules=tuple(copies))


def main() -> None:
    """Print one line per rule set, and the machine."""
    shipped, _ = load_catalogue(Path("rules"))
    some = events(shipped.features)
    empty = microseconds(lambda _event: None, some)
    for rule_set in (shipped, *(repeated(shipped, count) for count in (50, 200, 500))):
        started = time.perf_counter()
        evaluator = compile_rule_set(rule_set)
        compiled = (time.perf_counter() - started) * 1e3
        hits = sum(bool(evaluator.judge(*event).hits) for event in some) / len(some)
        cost = microseconds(judging(evaluator), some) - empty
        print(
            f"{len(rule_set.rules):4} rules, {len(rule_set.features)} features: {cost:6.2f} us per"
            f" event, {hits:.1%} with a hit, compiled in {compiled:.0f} ms"
        )
    print(f"Python {platform.python_version()}, {platform.machine()}")


if __name__ == "__main__":
    main()
