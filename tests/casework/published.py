"""A rule set that was published, for the tests of what keeps it."""

from data_contracts import codec
from data_contracts.control import RuleSetRecord
from data_contracts.decision import Severity
from rules.model import Policy, Rule, RuleSet, Status, Suppress
from rules.rule_set import pack
from tests.factories import NOON

QUIET = Suppress(by="card_token", for_ms=3_600_000)
RULE = Rule(
    id="card-burst",
    version=1,
    title="Many payments",
    typology="card-testing",
    severity=Severity.HIGH,
    owner="card-fraud",
    status=Status.LIVE,
    when="amount_minor > 1",
    score=60,
    reason="many",
    suppress=QUIET,
    runbook="Call the customer.",
)
RULE_SET = RuleSet(rules=(RULE,), policy=Policy(review_at=50, decline_at=90))


def a_record(**changes: object) -> bytes:
    fields = {
        "rule_set": RULE_SET.fingerprint(),
        "document": pack(RULE_SET),
        "published_by": "risk-1",
        "published_at": NOON,
    }
    return codec.encode(RuleSetRecord(**(fields | changes)))  # type: ignore[arg-type]  # any field
