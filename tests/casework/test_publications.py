import pytest

from casework.publications import publication_of, suppressions
from data_contracts import codec
from data_contracts.control import BreakerRecord, ControlKind
from data_contracts.violation import ContractViolation
from tests.casework.published import QUIET, RULE_SET, a_record
from tests.factories import NOON


def test_a_rule_set_is_kept_with_its_canonical_bytes() -> None:
    found = publication_of(0, 7, "rule-set", a_record(), NOON)

    assert (found.cell, found.position, found.kind) == (0, 7, ControlKind.RULE_SET)
    assert found.rule_set == RULE_SET.fingerprint()
    assert found.canonical == RULE_SET.canonical()
    assert "document" not in found.record
    assert found.record["published_by"] == "risk-1"


def test_a_rule_set_says_which_rules_are_quiet() -> None:
    assert suppressions(RULE_SET.canonical()) == {"card-burst": QUIET}


def test_other_records_are_kept_as_they_are() -> None:
    record = BreakerRecord(rule_id="card-burst", is_tripped=True, reason="much", recorded_at=NOON)

    found = publication_of(1, 8, "breaker", codec.encode(record), NOON)

    assert found.record["rule_id"] == "card-burst"
    assert found.rule_set is None


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("rule-sets", a_record(), "the header `kind` is one of rule-set, list-entry"),
        ("rule-set", b"{}", "no RuleSetRecord"),
        ("rule-set", a_record(document=b"0123456789"), "not a compressed rule set"),
        ("rule-set", a_record(rule_set="ab" * 32), "this is not the hash of the document"),
    ],
)
def test_what_is_no_control_record_says_why(kind: str, value: bytes, said: str) -> None:
    with pytest.raises(ContractViolation, match=said):
        publication_of(0, 1, kind, value, NOON)
