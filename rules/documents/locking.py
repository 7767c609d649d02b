"""The lock of a catalogue: which version of each rule says what, so that none changes unnoticed.

`catalogue.lock` has a line for each rule: its id, its version, and the hash of what it hits,
scores and says. It is checked in, and written anew once versions have risen.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

import msgspec
from msgspec.structs import replace

from rules.documents.catalogue import Catalogue, Layout
from rules.documents.rules import RuleDocument
from rules.expressions.rule_text import condition_text
from rules.mistakes import Mistake, Mistakes, Place
from rules.model import Status

NAME = "catalogue.lock"
HEAD = "# Written by `watchkeeper rules lock`: id, version, and the hash of what the rule says.\n"
PARTS = 3


@dataclass(frozen=True, slots=True)
class Locked:
    """A version of a rule as it was when the lock was written."""

    version: int
    fingerprint: str
    line: int


def lock_path(folder: Path) -> Path:
    """Where the lock of a catalogue stands."""
    return Layout.of(folder).around / NAME


def fingerprint_of(document: RuleDocument, catalogue: Catalogue) -> str:
    """The hash of what a rule hits, scores and says; who owns it and its status leave it alone."""
    logic = replace(
        document.rule,
        version=1,
        title="",
        owner="",
        status=Status.LIVE,
        when=condition_text(document.when),
        suppress=None,
        breaker=None,
        canary_percent=10,
        runbook="",
        references=(),
        alert_budget_per_day=None,
    )
    features = [catalogue.features[name] for name in document.rule.features]
    return sha256(msgspec.json.encode((logic, features))).hexdigest()[:16]


def lock_text(catalogue: Catalogue) -> str:
    """The lock of a catalogue as it is."""
    lines = [
        f"{item.rule.id} {item.rule.version} {fingerprint_of(item, catalogue)}\n"
        for item in catalogue.documents
    ]
    return HEAD + "".join(sorted(lines))


def check_lock(catalogue: Catalogue, path: Path) -> list[Mistake]:
    """Say which rules changed without a new version, or went back; nothing without a lock."""
    if not path.is_file():
        return []
    locked = dict(_read(path.read_text().splitlines()))
    mistakes = Mistakes()
    for document in catalogue.documents:
        before = locked.pop(document.rule.id, None)
        if before is not None:
            _check(document, fingerprint_of(document, catalogue), before, mistakes)
    for rule_id, before in locked.items() if not catalogue.mistakes else ():
        place = Place(str(path), before.line, 1)
        hint = "keep it with status: retired, or run `watchkeeper rules lock`"
        mistakes.warn(place, rule_id, "the catalogue has no such rule any more", hint)
    return mistakes.in_order()


def _read(lines: Iterable[str]) -> Iterator[tuple[str, Locked]]:
    for number, line in enumerate(lines, 1):
        parts = line.split()
        if not line.startswith("#") and len(parts) == PARTS and parts[1].isdigit():
            yield parts[0], Locked(int(parts[1]), parts[2], number)


def _check(document: RuleDocument, now: str, before: Locked, mistakes: Mistakes) -> None:
    version, place = document.rule.version, document.version_place
    if version < before.version:
        message = f"version {version} is older than {before.version} in {NAME}"
        mistakes.add(place, "version", message, f"write version: {before.version + 1}")
    elif version == before.version and now != before.fingerprint:
        message = f"the rule says something else than version {version} in {NAME}"
        mistakes.add(place, "version", message, f"write version: {version + 1}")
