"""Mutation: a rule's tests are shown its mutants, and have to notice them."""

from collections.abc import Sequence
from dataclasses import dataclass

from rules.proof.checks import Check
from rules.proof.mutants import Mutant, mutants_of
from rules.proof.same import why_same
from rules.proof.subject import Subject


@dataclass(frozen=True, slots=True, kw_only=True)
class Mutation:
    """What came of a rule's mutants: `noticed` by its file's own tests, `killed` by all of them."""

    mutants: int
    noticed: int
    killed: int
    survivors: tuple[Mutant, ...]
    same: tuple[tuple[Mutant, str], ...]


def mutate(subject: Subject, written: Sequence[Check], generated: Sequence[Check]) -> Mutation:
    """Show all mutants of a rule to all of its tests."""
    found = mutants_of(subject)
    noticed = killed = 0
    survivors, same = [], list(found.same)
    for mutant in found.different:
        screen = mutant.subject.screen()
        if any(check.notices(screen) for check in written):
            noticed += 1
        elif any(check.notices(screen) for check in generated):
            killed += 1
        elif why := why_same(subject, mutant.subject):
            same.append((mutant, why))
        else:
            survivors.append(mutant)
    return Mutation(
        mutants=noticed + killed + len(survivors),
        noticed=noticed,
        killed=noticed + killed,
        survivors=tuple(survivors),
        same=tuple(same),
    )
