"""`watchkeeper rules test`: the tests in the files, those at every edge, and mutants."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import track
from rich.table import Table

from rules.documents.catalogue import Catalogue
from rules.documents.rules import RuleDocument
from rules.proof.checks import (
    Disagreement,
    disagreements,
    generated_checks,
    subject_of,
    written_checks,
)
from rules.proof.mutants import Mutant
from rules.proof.mutation import Mutation, mutate
from rules.testing import CaseResult, run_rule
from watchkeeper import answers
from watchkeeper.commands.options import AsJson
from watchkeeper.commands.rules_common import CatalogueFolder, RuleIds, chosen, counted, folder_of
from watchkeeper.publish import sound_catalogue

SHOWN_MAX = 5
SCORE_WANTED = 0.9


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """What came of one rule's tests and, where they were wanted, of its mutants."""

    rule_id: str
    results: Sequence[CaseResult]
    generated: int
    disagreements: Sequence[Disagreement]
    mutation: Mutation | None

    @property
    def failures(self) -> list[CaseResult]:
        """The tests of the file that failed."""
        return [result for result in self.results if not result.is_as_expected]

    @property
    def failed(self) -> int:
        """How many tests failed."""
        return len(self.failures) + len(self.disagreements)

    @property
    def tests(self) -> int:
        """How many tests ran."""
        return len(self.results) + self.generated


def run_tests(
    rule_ids: RuleIds = None,
    *,
    mutants: Annotated[
        bool, typer.Option("--mutants", help="Change each rule and see whether a test notices.")
    ] = False,
    verbose: Annotated[
        bool, typer.Option("--verbose", "-v", help="Show every test and every survivor.")
    ] = False,
    catalogue: CatalogueFolder = None,
    as_json: AsJson = False,
) -> None:
    """Run the tests in the rule files and those made of them; exit with 1 where one fails."""
    found = sound_catalogue(folder_of(catalogue))
    documents = chosen(found, rule_ids)
    bar = track(
        documents,
        "Testing",
        console=Console(stderr=True),
        transient=True,
        disable=as_json,
    )
    proofs = [prove(document, found, with_mutants=mutants) for document in bar]
    if as_json:
        _print_json(proofs, with_mutants=mutants)
    else:
        _print(proofs, is_verbose=verbose or bool(rule_ids))
    if any(proof.failed for proof in proofs):
        raise typer.Exit(1)


def prove(document: RuleDocument, catalogue: Catalogue, *, with_mutants: bool) -> Proof:
    """Run all tests of a rule, and its mutants where that is wanted."""
    subject, written = subject_of(document, catalogue), written_checks(document)
    generated = generated_checks(subject, written)
    return Proof(
        rule_id=document.rule.id,
        results=run_rule(document, catalogue),
        generated=len(generated),
        disagreements=disagreements(subject, generated),
        mutation=mutate(subject, written, generated) if with_mutants else None,
    )


def _print_json(proofs: Sequence[Proof], *, with_mutants: bool) -> None:
    total: dict[str, int] = {
        "rules": len(proofs),
        "tests": sum(proof.tests for proof in proofs),
        "failed": sum(proof.failed for proof in proofs),
    }
    if with_mutants:
        found = [proof.mutation for proof in proofs if proof.mutation is not None]
        for proof in proofs:
            print(msgspec.json.encode(_row(proof)).decode())
        total["mutants"] = sum(mutation.mutants for mutation in found)
        total["mutants_killed"] = sum(mutation.killed for mutation in found)
        total["mutants_killed_by_written"] = sum(mutation.noticed for mutation in found)
    print(msgspec.json.encode(total).decode())


def _row(proof: Proof) -> dict[str, object]:
    mutation = proof.mutation
    assert mutation is not None
    return {
        "rule": proof.rule_id,
        "written": len(proof.results),
        "generated": proof.generated,
        "failed": proof.failed,
        "mutants": mutation.mutants,
        "killed_by_written": mutation.noticed,
        "killed": mutation.killed,
        "same": [{"what": mutant.what, "why": why} for mutant, why in mutation.same],
        "survivors": [{"what": item.what, "killer": item.killer} for item in mutation.survivors],
    }


def _print(proofs: Sequence[Proof], *, is_verbose: bool) -> None:
    console = answers.console()
    if is_verbose:
        console.print(_every_test(proofs))
    console.print(_by_rule(proofs))
    for proof in proofs:
        for failure in proof.failures:
            _print_failure(console, failure)
        for disagreement in proof.disagreements[:SHOWN_MAX]:
            _print_disagreement(console, disagreement)
        if proof.mutation is not None:
            _print_survivors(console, proof, is_verbose=is_verbose)
    console.print(f"\n{_summary(proofs)}", soft_wrap=True)


def _every_test(proofs: Sequence[Proof]) -> Table:
    table = Table("", "rule", "test in the file", "expected", "got", box=None)
    for proof in proofs:
        for number, result in enumerate(proof.results):
            expected = "hit" if result.case.is_hit else "no hit"
            got = "no hit" if result.hit is None else f"hit, {result.hit.score}"
            name = "" if number else proof.rule_id
            mark = _mark(ok=result.is_as_expected)
            table.add_row(mark, name, escape(result.case.name), expected, got)
    return table


def _mark(*, ok: bool) -> str:
    return "[green]✓[/]" if ok else "[bold red]✗[/]"


def _by_rule(proofs: Sequence[Proof]) -> Table:
    has_mutants = any(proof.mutation is not None for proof in proofs)
    table = Table(box=None, padding=(0, 1, 0, 0))
    table.add_column("  rule", no_wrap=True)
    more = ("mutants", "by file", "by all", "") if has_mutants else ()
    for name in ("written", "made", "failed", *more):
        table.add_column(name, justify="right", no_wrap=True)
    for proof in proofs:
        counts = (len(proof.results), proof.generated, proof.failed)
        cells = [f"{count:,}" for count in counts]
        if proof.mutation is not None:
            cells += _cells(proof.mutation)
        table.add_row(f"{_mark(ok=not proof.failed)} {proof.rule_id}", *cells)
    return table


def _cells(mutation: Mutation) -> list[str]:
    share = mutation.killed / mutation.mutants if mutation.mutants else 1.0
    colour = "green" if share >= SCORE_WANTED else "yellow"
    counts = (mutation.mutants, mutation.noticed, mutation.killed)
    return [*(str(count) for count in counts), f"[{colour}]{share:.0%}[/]"]


def _print_failure(console: Console, result: CaseResult) -> None:
    place = result.case.place
    console.print(
        f"\n[bold red]✗[/] {result.rule_id}: {escape(result.case.name)}  "
        f"[dim]{place.path}:{place.line}[/]"
    )
    for difference in result.differences:
        console.print(f"  {escape(difference)}")
    for name, value in result.values.items():
        flag = f" ({result.flags[name]})" if name in result.flags else ""
        console.print(f"  {name} = {'null' if value is None else value}{flag}")


def _print_disagreement(console: Console, found: Disagreement) -> None:
    console.print(
        f"\n[bold red]✗[/] {found.rule_id}: {escape(found.trial.name)}  [dim]generated[/]"
    )
    for difference in found.differences:
        console.print(f"  in the {found.engine} engine, {escape(difference)}")
    for event in (*found.trial.history, found.trial.event)[-SHOWN_MAX:]:
        console.print(f"  [dim]{escape(msgspec.json.encode(event).decode())}[/]", soft_wrap=True)


def _print_survivors(console: Console, proof: Proof, *, is_verbose: bool) -> None:
    mutation = proof.mutation
    assert mutation is not None
    if not mutation.survivors and not (is_verbose and mutation.same):
        return
    console.print(f"\n[bold]{proof.rule_id}[/]")
    shown = mutation.survivors if is_verbose else mutation.survivors[:SHOWN_MAX]
    for mutant in shown:
        _print_survivor(console, mutant)
    if more := len(mutation.survivors) - len(shown):
        console.print(
            f"  [dim]… and {more} more: watchkeeper rules test --mutants {proof.rule_id}[/]"
        )
    for mutant, why in mutation.same if is_verbose else ():
        console.print(f"  [dim]not counted: {escape(mutant.what)}; {why}[/]")


def _print_survivor(console: Console, mutant: Mutant) -> None:
    console.print(f"  [yellow]![/] {escape(mutant.what)}, and no test notices")
    console.print(f"    [green]→[/] {escape(mutant.killer)}")


def _summary(proofs: Sequence[Proof]) -> str:
    written = sum(len(proof.results) for proof in proofs)
    generated = sum(proof.generated for proof in proofs)
    failed = sum(proof.failed for proof in proofs)
    text = (
        f"{counted(len(proofs), 'rule')}: {counted(written, 'test')} in the files and "
        f"{generated:,} generated at the edges, {failed} failed."
    )
    found = [proof.mutation for proof in proofs if proof.mutation is not None]
    if not found:
        return text
    mutants, killed = sum(m.mutants for m in found), sum(m.killed for m in found)
    noticed, same = sum(m.noticed for m in found), sum(len(m.same) for m in found)
    return (
        f"{text}\n{killed:,} of {counted(mutants, 'mutant')} noticed "
        f"({killed / max(mutants, 1):.1%}), {noticed:,} of them by the tests in the files alone "
        f"({noticed / max(mutants, 1):.1%}); "
        f"{same} more say the same as their rule and are not counted."
    )
