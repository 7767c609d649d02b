"""What became of the planted attacks: which of them a rule of their own typology has caught."""

from collections import Counter
from collections.abc import Sequence

import msgspec
import psycopg
from rich.table import Table
from rich.text import Text

from watchkeeper.simulator.traffic import Label
from watchkeeper.stack.descriptor import Descriptor

_OUTCOMES = """
    SELECT transaction_id, verdict, hits
    FROM ledger.outcomes
    WHERE tenant = %(tenant)s AND transaction_id = ANY(%(ids)s)
"""


class Catch(msgspec.Struct, frozen=True, kw_only=True):
    """One typology: campaigns planted and caught, their transactions, and those stopped."""

    typology: str
    campaigns: int
    caught: int
    transactions: int
    stopped: int


class Seen(msgspec.Struct, frozen=True):
    """What was decided of one planted transaction."""

    is_stopped: bool
    typologies: frozenset[str]


def caught(descriptor: Descriptor, labels: Sequence[Label]) -> list[Catch]:
    """Ask the books what was decided of each planted transaction that they know."""
    ids = [label.transaction_id for label in labels]
    with psycopg.connect(descriptor.postgres) as connection:
        rows = connection.execute(_OUTCOMES, {"tenant": descriptor.tenant, "ids": ids}).fetchall()
    seen = {
        transaction_id: Seen(verdict != "approve", frozenset(hit["typology"] for hit in hits))
        for transaction_id, verdict, hits in rows
    }
    return tally([label for label in labels if label.transaction_id in seen], seen)


def tally(labels: Sequence[Label], seen: dict[str, Seen]) -> list[Catch]:
    """By typology; a campaign is caught where a stopped transaction bears a hit of its kind."""
    found = {
        label.campaign
        for label in labels
        if (item := seen.get(label.transaction_id)) is not None
        and item.is_stopped
        and label.typology in item.typologies
    }
    transactions = Counter(label.typology for label in labels)
    stopped = Counter(
        label.typology
        for label in labels
        if (item := seen.get(label.transaction_id)) is not None and item.is_stopped
    )
    campaigns = Counter(typology for _, typology in _campaigns(labels))
    return [
        Catch(
            typology=typology,
            campaigns=campaigns[typology],
            caught=sum(name in found for name, kind in _campaigns(labels) if kind == typology),
            transactions=transactions[typology],
            stopped=stopped[typology],
        )
        for typology in sorted(campaigns)
    ]


def _campaigns(labels: Sequence[Label]) -> set[tuple[str, str]]:
    return {(label.campaign, label.typology) for label in labels}


def catches_table(catches: Sequence[Catch]) -> Table:
    """Planted against caught."""
    table = Table(title="Planted attacks", box=None, title_justify="left", header_style="dim")
    table.add_column("typology")
    for heading in ("campaigns", "caught", "transactions", "stopped"):
        table.add_column(heading, justify="right")
    for each in catches:
        style = "green" if each.caught == each.campaigns else "bold red"
        table.add_row(
            each.typology,
            str(each.campaigns),
            Text(str(each.caught), style),
            str(each.transactions),
            str(each.stopped),
        )
    return table
