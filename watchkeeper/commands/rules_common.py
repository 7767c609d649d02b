"""What the commands of `watchkeeper rules` share: the catalogue's folder, a rule by its id."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from rules.documents.catalogue import Catalogue
from rules.documents.rules import RuleDocument
from rules.mistakes import did_you_mean
from watchkeeper.errors import Failure
from watchkeeper.publish import shipped_catalogue

CatalogueFolder = Annotated[
    Path | None,
    typer.Option(
        "--catalogue",
        exists=True,
        file_okay=False,
        help="Folder of the rules; by default the catalogue that is shipped.",
        show_default=False,
    ),
]
RuleIds = Annotated[
    list[str] | None, typer.Argument(metavar="ID", help="Rules; all if none is named.")
]


def folder_of(given: Path | None) -> Path:
    """The catalogue that was named, or the one that is shipped."""
    return given or shipped_catalogue()


def document_of(catalogue: Catalogue, rule_id: str) -> RuleDocument:
    """The rule of that id, or a `Failure` that names the nearest."""
    document = catalogue.document(rule_id)
    if document is None:
        hint = did_you_mean(rule_id, [item.rule.id for item in catalogue.documents])
        known = "`watchkeeper rules list` names them."
        raise Failure(f'There is no rule "{rule_id}"{f"; {hint}" if hint else "."}', known)
    return document


def chosen(catalogue: Catalogue, rule_ids: Sequence[str] | None) -> Sequence[RuleDocument]:
    """The named rules, or all."""
    return [document_of(catalogue, rule_id) for rule_id in rule_ids or ()] or catalogue.documents


def counted(number: int, word: str) -> str:
    """So many of something: `1 rule`, `2 rules`."""
    return f"{number:,} {word}{'' if number == 1 else 's'}"
