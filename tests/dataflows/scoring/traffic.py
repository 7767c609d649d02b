"""A log with everything in it."""

from data_contracts.transaction import Transaction
from tests.dataflows.scoring.logs import RICH, Log, a_rule, a_rule_set
from tests.factories import a_transaction, minute


def rich_log(events: int = 300) -> Log:
    """Changes, copies and unreadable messages among transactions of a few accounts."""
    log = Log()
    for number in range(events):
        if number in {0, 150}:
            log.publish(RICH)
        if number == 90:
            log.publish(a_rule_set(a_rule("small", when="amount_minor < 3000")))
        if number % 37 == 5:
            log.write(b'{"tenant": "demo", "transaction_id": "wrong-%d"}' % number)
        log.add(_event(number))
    return log


def a_traffic(events: int) -> list[Transaction]:
    """Its transactions alone, some of them copies."""
    return [_event(number) for number in range(events)]


def _event(number: int) -> Transaction:
    return a_transaction(
        transaction_id=f"t-{number - number % 11 // 10}",
        account_id=f"a-{number * number % 7}",
        counterparty_id=f"a-{number % 5}",
        merchant_id=f"m-{number % 13}",
        type="transfer" if number % 3 else "card_payment",
        amount_minor=1 + number * 7919 % 9000,
        occurred_at=minute(number - 90 * (number % 17 == 3)),
        received_at=minute(number),
    )
