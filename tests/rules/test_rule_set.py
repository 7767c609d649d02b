"""The canonical form and the packed form of rule sets."""

from pathlib import Path

import msgspec
import pytest

import rules
from data_contracts.control import RULE_SET_BYTES_MAX
from rules.model import ListKind, RuleSet
from rules.rule_set import UnknownRuleSet, from_canonical, load_catalogue, pack, unpack
from tests.rules.catalogues import NEIGHBOUR, write
from tests.rules.rule_sets import a_list, a_rule, a_rule_set

FOLDER = Path(next(iter(rules.__path__)))


def shipped() -> RuleSet:
    return load_catalogue(FOLDER)[0]


def test_the_canonical_form_is_read_back() -> None:
    for rule_set in (shipped(), a_rule_set(lists=(a_list(ListKind.BLOCK, "a", "b"),))):
        assert from_canonical(rule_set.canonical()) == rule_set
        assert from_canonical(rule_set.canonical()).fingerprint() == rule_set.fingerprint()


def test_the_packed_form_is_read_back_and_far_below_the_limit() -> None:
    document = pack(shipped())
    assert unpack(document) == shipped()
    assert len(document) * 100 < RULE_SET_BYTES_MAX


def test_the_same_files_make_the_same_rule_set() -> None:
    assert shipped().fingerprint() == shipped().fingerprint()


def test_the_layout_of_a_file_does_not_change_the_rule_set(tmp_path: Path) -> None:
    wide = NEIGHBOUR.replace("severity: low", "severity:     low   # why not")
    folded = wide.replace("card_payment_count_1h >= 3 AND", "card_payment_count_1h >= 3\n  AND")
    first, _ = load_catalogue(write(tmp_path / "a", {}))
    second, _ = load_catalogue(
        write(tmp_path / "b", {"catalogue/card-testing/neighbour.yaml": folded})
    )
    assert first.fingerprint() == second.fingerprint()


def test_another_threshold_is_another_rule_set() -> None:
    other = a_rule_set(a_rule(when="card_count_10m >= 4"))
    assert other.fingerprint() != a_rule_set().fingerprint()


def test_the_catalogue_may_be_named_by_either_folder() -> None:
    assert load_catalogue(FOLDER)[0] == load_catalogue(FOLDER / "catalogue")[0]


@pytest.mark.parametrize("raw", [b"", b"{}", b"[]", b"not json", b'{"policy":{"review_at":1}}'])
def test_what_is_no_rule_set_is_refused(raw: bytes) -> None:
    with pytest.raises(UnknownRuleSet):
        from_canonical(raw)


def test_a_later_format_is_refused_by_name() -> None:
    later = msgspec.structs.replace(a_rule_set(), format=2)
    with pytest.raises(UnknownRuleSet, match="format 2"):
        from_canonical(later.canonical())


@pytest.mark.parametrize(
    "document", [b"", b"12345678", b"\xff" * 20, b"\x00" * 20, pack(a_rule_set())[:-1]]
)
def test_what_is_not_packed_is_refused(document: bytes) -> None:
    with pytest.raises(UnknownRuleSet):
        unpack(document)
