"""`watchkeeper rules sql`: a rule as one question that `watchkeeper sql` answers."""

from typing import Annotated

import typer

from rules.rule_query import rule_query
from watchkeeper.commands.rules_common import CatalogueFolder, document_of, folder_of
from watchkeeper.publish import sound_catalogue


def sql(
    rule_id: Annotated[str, typer.Argument(help="The rule.", metavar="ID")],
    *,
    catalogue: CatalogueFolder = None,
    cell: Annotated[int, typer.Option(min=0, help="Of this cell's transactions.")] = 0,
) -> None:
    """Print a rule, features and all, as SQL over the archive.

    Run it with: watchkeeper sql "$(watchkeeper rules sql ID)"
    """
    found = sound_catalogue(folder_of(catalogue))
    document = document_of(found, rule_id)
    features = [found.features[name] for name in sorted(document.rule.features)]
    print(rule_query(document, features, found.lists, cell))
