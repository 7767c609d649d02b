"""`watchkeeper rules plan`: what publishing these rules would change, before it does."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console

from analytics.backtest import plan_report
from analytics.backtest.planning import Checks, planned
from analytics.backtest.trying import Ground, try_both
from rules.difference import difference
from rules.documents.catalogue import Catalogue
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
from watchkeeper.errors import Failure
from watchkeeper.past import Wanted, read
from watchkeeper.settings import data_folder
from watchkeeper.stack.descriptor import NoStack, load

STEPS = (1, 1, 18)  # Testing, reading, trying both: about so long each.
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
        read_from, then = rule_choice.of_catalogue(folder_of(catalogue), (), as_live=False)
        checks = _checks(read_from)
        now = _now(against, folder)
        bar.begin("reading")
        past = read(wanted)
        bar.begin(f"trying both on {len(past.transactions):,} transactions")
        ground = Ground(past.transactions, span(first, last), past.labels)
        comparison = counted(past, lambda: try_both(ground, now, then, bar.tell))
    plan = planned(then, checks, difference(now, then), comparison)
    shown = plan_report.paper(plan, past.source)
    write(shown, report_file)
    if as_json:
        print(msgspec.json.encode(plan).decode())
    else:
        paper.show(answers.console(), shown)
    if not plan.is_within_budget:
        raise typer.Exit(1)


def _checks(catalogue: Catalogue) -> Checks:
    results = [result for item in catalogue.documents for result in run_rule(item, catalogue)]
    failed = [result for result in results if not result.is_as_expected]
    if failed:
        named = "\n".join(
            f"  {result.rule_id}: {result.case.name}" for result in failed[:FAILURES_SHOWN]
        )
        raise Failure(
            f"{len(failed)} of {len(results)} tests of the rules fail:\n{named}",
            "`watchkeeper rules test` shows what was seen.",
        )
    return Checks(
        rules=len(catalogue.documents), warnings=len(catalogue.mistakes), tests=len(results)
    )


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
