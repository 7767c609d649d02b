"""`watchkeeper rules init`: a new rule file to begin with."""

import getpass
from typing import Annotated

import typer

from rules.documents.catalogue import Catalogue, Layout, read_catalogue
from rules.documents.modelines import FOLDER, modeline
from rules.documents.template import NewRule
from rules.mistakes import did_you_mean
from rules.words import ID, is_id
from watchkeeper.commands.rules_common import CatalogueFolder, folder_of
from watchkeeper.errors import Failure


def init(
    rule_id: Annotated[str, typer.Argument(metavar="ID", help="How the rule is called.")],
    *,
    typology: Annotated[str, typer.Option(help="The pattern of crime, a folder.")],
    title: Annotated[str, typer.Option(help="What it looks for, in a line.")] = (
        "What the rule looks for"
    ),
    owner: Annotated[
        str | None, typer.Option(help="The team that answers for it; by default you.")
    ] = None,
    new: Annotated[bool, typer.Option("--new", help="Begin a new typology.")] = False,
    catalogue: CatalogueFolder = None,
) -> None:
    """Write a new rule file: a draft that lints and passes, with comments that teach."""
    folder = folder_of(catalogue)
    layout = Layout.of(folder)
    rule = NewRule(id=rule_id, typology=typology, title=title, owner=owner or getpass.getuser())
    _check(rule, read_catalogue(folder), layout, is_new=new)
    path = layout.rules / typology / f"{rule_id}.yaml"
    if path.exists():
        raise Failure(f"{path} is there already.", "Choose another id.")
    path.parent.mkdir(exist_ok=True)
    path.write_text(modeline(path, layout.around / FOLDER, "rule") + rule.text())
    typer.echo(f"{path} is a draft that lints and passes its tests: change it into your own.")
    typer.echo(f"Then: watchkeeper rules test {rule_id} --mutants")


def _check(rule: NewRule, catalogue: Catalogue, layout: Layout, *, is_new: bool) -> None:
    for word in (rule.id, rule.typology):
        if not is_id(word):
            raise Failure(f'"{word}" is no id.', f"{ID[0].upper()}{ID[1:]}.")
    document = catalogue.document(rule.id)
    if document is not None:
        raise Failure(
            f'There is a rule "{rule.id}" already: {document.place.path}.', "Choose another."
        )
    if rule.typology not in layout.typologies() and not is_new:
        hint = did_you_mean(rule.typology, layout.typologies())
        mend = "Add --new to begin a typology of that name."
        raise Failure(f'There is no typology "{rule.typology}"{f"; {hint}" if hint else "."}', mend)
