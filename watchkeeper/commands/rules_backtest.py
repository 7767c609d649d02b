"""`watchkeeper rules backtest`: what a rule set would have done to the past."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, TypeVar

import msgspec
import typer
from rich.console import Console

from analytics.backtest import report
from analytics.backtest.counting import NothingToCount
from analytics.backtest.judged import Span
from analytics.backtest.sheets import Paper
from analytics.backtest.trying import Ground, try_on
from rules.model import RuleSet
from watchkeeper import answers, paper, rule_choice, steps
from watchkeeper.commands.options import AsJson, Data
from watchkeeper.commands.rules_common import CatalogueFolder, folder_of
from watchkeeper.errors import Failure
from watchkeeper.past import Past, Wanted, read
from watchkeeper.settings import data_folder
from watchkeeper.stack.descriptor import load

STEPS = (1, 9)  # Reading, trying: about so long each.

Input = Annotated[
    Path | None,
    typer.Option(
        "--input",
        help="A Parquet file of transactions; by default the archive of the stack.",
        show_default=False,
    ),
]
MappingFile = Annotated[
    Path | None, typer.Option(help="A mapping of your own; by default one that knows the file.")
]
LabelSource = Annotated[
    str | None,
    typer.Option(help="What is fraud: a column of --input, or a file with transaction_id."),
]
First = Annotated[
    datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Look from this day on.")
]
Last = Annotated[
    datetime | None, typer.Option("--to", formats=["%Y-%m-%d"], help="Look up to this day.")
]
AsLive = Annotated[
    bool, typer.Option("--as-live", help="Drafts, shadows and canaries count like live rules.")
]
ReportFile = Annotated[
    Path | None, typer.Option("--report", help="Write the report as Markdown, too.")
]


def run(
    *,
    catalogue: CatalogueFolder = None,
    rule_set: Annotated[
        str | None,
        typer.Option(help="A set that was proposed or published: its hash, or how it begins."),
    ] = None,
    rules: Annotated[
        str | None, typer.Option(help="These rules alone, drafts too: id,id,…")
    ] = None,
    file: Input = None,
    mapping: MappingFile = None,
    labels: LabelSource = None,
    first: First = None,
    last: Last = None,
    as_live: AsLive = False,
    data: Data = None,
    as_json: AsJson = False,
    report_file: ReportFile = None,
) -> None:
    """Try rules on the past: alerts per day, overlap, money, customers; precision with labels.

    Features are computed anew, new windows included. Nothing is changed anywhere.
    """
    folder = data_folder(data)
    tried = _chosen(catalogue, rule_set, rules, as_live=as_live, data=folder)
    console = Console(stderr=True)
    wanted = Wanted(file=file, mapping=mapping, labels=labels, data=folder)
    with steps.shown(console, STEPS) as bar:
        bar.begin("reading")
        past = read(wanted)
        bar.begin(f"trying the rules on {len(past.transactions):,} transactions")
        ground = Ground(past.transactions, span(first, last), past.labels)
        found = counted(past, lambda: try_on(ground, tried, bar.tell))
    shown = report.paper(found, past.source)
    write(shown, report_file)
    if as_json:
        print(msgspec.json.encode(found).decode())
    else:
        paper.show(answers.console(), shown)


def _chosen(
    catalogue: Path | None, fingerprint: str | None, rules: str | None, *, as_live: bool, data: Path
) -> RuleSet:
    rule_ids = ids(rules)
    if fingerprint is None:
        folder = folder_of(catalogue)
        return rule_choice.of_catalogue(folder, rule_ids, as_live=as_live)[1]
    if catalogue is not None:
        raise Failure("--catalogue and --rule-set both say which rules.", "Give one of them.")
    kept = rule_choice.part_of(rule_choice.kept_rule_set(load(data), fingerprint), rule_ids)
    return rule_choice.all_live(kept) if as_live else kept


Answer = TypeVar("Answer")


def counted(past: Past, count: Callable[[], Answer]) -> Answer:
    """What is counted, or `Failure` where the period is empty."""
    try:
        return count()
    except NothingToCount as error:
        raise Failure(f"{past.source}: {error}.", "Widen --from and --to.") from None


def ids(text: str | None) -> list[str]:
    """The ids in `a,b`."""
    return [part.strip() for part in (text or "").split(",") if part.strip()]


def span(first: datetime | None, last: datetime | None) -> Span:
    """From the beginning of one day to the end of the other, in UTC."""
    begin = None if first is None else first.replace(tzinfo=UTC)
    end = None if last is None else last.replace(tzinfo=UTC) + timedelta(days=1)
    return Span(begin, end)


def write(shown: Paper, path: Path | None) -> None:
    """Write a report as Markdown, if that is wanted."""
    if path is None:
        return
    try:
        path.write_text(shown.markdown(), encoding="utf-8")
    except OSError as error:
        raise Failure(
            f"The report cannot be written to {path}: {error.strerror}.", "Check the folder."
        ) from None
