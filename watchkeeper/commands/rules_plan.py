"""`watchkeeper rules plan`: what publishing these rules would change, before it does."""

from collections.abc import Collection
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from analytics.backtest import plan_report
from analytics.backtest.planning import Checks, Effort, planned
from analytics.backtest.trying import Ground, Tell, try_both
from rules.costs import costs_of
from rules.difference import difference, rules_touched
from rules.documents.budget import Budget
from rules.documents.catalogue import Catalogue
from rules.documents.rules import RuleDocument
from rules.linting import Linted
from rules.model import RuleSet
from rules.testing import run_rule
from watchkeeper import answers, paper, rule_choice, steps
from watchkeeper.commands.options import AsJson, Data
from watchkeeper.commands.rules_backtest import (
    First,
    Input,
    LabelSource,
    Last,
    MappingFile,
    ReportFile,
    counted,
    span,
    write,
)
from watchkeeper.commands.rules_common import CatalogueFolder, folder_of
from watchkeeper.commands.rules_test import prove
from watchkeeper.errors import Failure
from watchkeeper.past import Wanted, read
from watchkeeper.publish import linted_catalogue
from watchkeeper.settings import data_folder
from watchkeeper.stack.descriptor import NoStack, load

STEPS = (3, 1, 16)  # Testing, reading, trying both: about so long each.
FAILURES_SHOWN = 10


def run(
    *,
    catalogue: CatalogueFolder = None,
    against: Annotated[
        str,
        typer.Option(
            help="What counts now: `live`, the hash of a kept set, or a catalogue's folder."
        ),
    ] = rule_choice.LIVE,
    file: Input = None,
    mapping: MappingFile = None,
    labels: LabelSource = None,
    first: First = None,
    last: Last = None,
    data: Data = None,
    as_json: AsJson = False,
    report_file: ReportFile = None,
) -> None:
    """Lint, test, compare with what counts now, try both on the past: the effect before it is.

    Exits with 1 where a mistake, a failing test or a passed alert budget stands in the way.
    """
    folder = data_folder(data)
    wanted = Wanted(file=file, mapping=mapping, labels=labels, data=folder)
    with steps.shown(Console(stderr=True), STEPS) as bar:
        bar.begin("lint and tests")
        linted = linted_catalogue(folder_of(catalogue))
        now, then = _now(against, folder), linted.catalogue.rule_set()
        changes = difference(now, then)
        checks = _checks(linted, rules_touched(changes, then), bar.tell)
        bar.begin("reading")
        past = read(wanted)
        bar.begin(f"trying both on {len(past.transactions):,} transactions")
        ground = Ground(past.transactions, span(first, last), past.labels)
        comparison = counted(past, lambda: try_both(ground, now, then, bar.tell))
    effort = Effort(costs_of(now, linted.budget or Budget()), linted.costs)
    plan = planned(then, checks, changes, comparison, effort)
    shown = plan_report.paper(plan, past.source)
    write(shown, report_file)
    if as_json:
        print(msgspec.json.encode(plan).decode())
    else:
        paper.show(answers.console(), shown)
    if not plan.is_within_budget:
        raise typer.Exit(1)


def _checks(linted: Linted, touched: Collection[str], tell: Tell) -> Checks:
    catalogue, tests, failed = linted.catalogue, 0, list[str]()
    for number, document in enumerate(catalogue.documents, 1):
        count, failures = _tested(document, catalogue, touched)
        tests, failed = tests + count, [*failed, *failures]
        tell(number / len(catalogue.documents))
    if failed:
        named = "\n  ".join(failed[:FAILURES_SHOWN])
        raise Failure(
            f"{len(failed)} of {tests:,} tests of the rules fail:\n  {named}",
            "`watchkeeper rules test` shows what was seen.",
        )
    return Checks(rules=len(catalogue.documents), warnings=len(linted.mistakes), tests=tests)


def _tested(
    document: RuleDocument, catalogue: Catalogue, touched: Collection[str]
) -> tuple[int, list[str]]:
    """How many tests ran and which failed: those of the file; of a touched rule every edge too."""
    rule_id = document.rule.id
    if rule_id not in touched:
        results = run_rule(document, catalogue)
        return len(results), [
            f"{rule_id}: {result.case.name}" for result in results if not result.is_as_expected
        ]
    proof = prove(document, catalogue, with_mutants=False)
    failed = [f"{rule_id}: {result.case.name}" for result in proof.failures]
    return proof.tests, [
        *failed,
        *(f"{rule_id}: {item.trial.name}" for item in proof.disagreements),
    ]


def _now(against: str, data: Path) -> RuleSet:
    if against == rule_choice.LIVE:
        try:
            return rule_choice.live_rule_set(load(data))
        except NoStack as error:
            mend = f"{error.mend} Or compare two folders with --against DIR."
            raise Failure(str(error), mend) from None
    if Path(against).is_dir():
        return rule_choice.of_catalogue(Path(against), (), as_live=False)[1]
    return rule_choice.kept_rule_set(load(data), against)
