"""Which rule set is meant: a catalogue's, the one that counts now, or one that was kept by hash."""

from collections.abc import Sequence
from pathlib import Path

import msgspec

from casework.in_force import rule_set_in_force
from rules.documents.catalogue import Catalogue
from rules.mistakes import did_you_mean
from rules.model import RuleSet, Status
from rules.rule_set import from_canonical
from runtime.postgres import connect
from watchkeeper.errors import Failure
from watchkeeper.publish import sound_catalogue
from watchkeeper.stack.descriptor import Descriptor

NAME = "watchkeeper-rules"
LIVE = "live"
KEPT = """
SELECT canonical FROM casework.rule_sets WHERE starts_with(rule_set, %(begin)s) LIMIT 2
"""


def live_rule_set(descriptor: Descriptor) -> RuleSet:
    """The set that counts now, as the books know it."""
    with connect(descriptor.postgres, NAME) as connection:
        found = rule_set_in_force(connection)
    if found is None:
        raise Failure(
            "No rule set counts yet: none was published.",
            "Publish one with `watchkeeper rules apply`, or compare with --against DIR.",
        )
    return found


def kept_rule_set(descriptor: Descriptor, fingerprint: str) -> RuleSet:
    """A set that was proposed or published, by its hash or the beginning of it."""
    with connect(descriptor.postgres, NAME) as connection:
        found = connection.execute(KEPT, {"begin": fingerprint}).fetchall()
    if len(found) != 1:
        many = "There are several rule sets" if found else "There is no rule set"
        raise Failure(
            f'{many} "{fingerprint}".',
            "Give more letters of the hash; `watchkeeper rules log` shows what was published.",
        )
    return from_canonical(bytes(found[0][0]))


def of_catalogue(
    folder: Path, rule_ids: Sequence[str], *, as_live: bool
) -> tuple[Catalogue, RuleSet]:
    """What a catalogue publishes, or the named rules alone, drafts too.

    `as_live` counts drafts, shadows and canaries as if they were live.
    """
    catalogue = sound_catalogue(folder)
    known = [item.rule.id for item in catalogue.documents]
    _check(rule_ids, known)
    if rule_ids:
        found = catalogue.rule_set_of(rule_ids)
    elif as_live:
        retired = [i.rule.id for i in catalogue.documents if i.rule.status is Status.RETIRED]
        found = catalogue.rule_set_of([rule_id for rule_id in known if rule_id not in retired])
    else:
        found = catalogue.rule_set()
    return catalogue, all_live(found) if as_live else found


def part_of(rule_set: RuleSet, rule_ids: Sequence[str]) -> RuleSet:
    """The named rules of a set alone, with the features that they use; all if none is named."""
    _check(rule_ids, [rule.id for rule in rule_set.rules])
    if not rule_ids:
        return rule_set
    rules = tuple(rule for rule in rule_set.rules if rule.id in rule_ids)
    used = {name for rule in rules for name in rule.features}
    features = tuple(item for item in rule_set.features if item.name in used)
    return msgspec.structs.replace(rule_set, rules=rules, features=features)


def all_live(rule_set: RuleSet) -> RuleSet:
    """The same rules as if every one were live."""
    rules = tuple(msgspec.structs.replace(rule, status=Status.LIVE) for rule in rule_set.rules)
    return msgspec.structs.replace(rule_set, rules=rules)


def _check(rule_ids: Sequence[str], known: Sequence[str]) -> None:
    for rule_id in rule_ids:
        if rule_id not in known:
            hint = did_you_mean(rule_id, known)
            raise Failure(
                f'There is no rule "{rule_id}"{f"; {hint}" if hint else "."}',
                "`watchkeeper rules list` names them.",
            )
