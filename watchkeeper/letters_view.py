"""Dead letters as a person sees them."""

import json
from collections.abc import Sequence

from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

from casework.values import KeptLetter
from data_contracts.dead_letter import DeadLetter
from data_contracts.topics import TRANSACTIONS

HEXADECIMAL_BYTES_MAX = 512


def table(found: Sequence[KeptLetter]) -> Table:
    """One line each."""
    shown = Table(box=None, header_style="bold", pad_edge=False)
    shown.add_column("number", justify="right", style="cyan", no_wrap=True)
    for name in ("when (UTC)", "where", "code"):
        shown.add_column(name, no_wrap=True)
    shown.add_column("reason")
    shown.add_column("sent again")
    for kept in found:
        letter = kept.letter
        shown.add_row(
            str(kept.number),
            f"{kept.rejected_at:%Y-%m-%d %H:%M:%S}",
            Text(_place(letter)),
            Text(_harmless(letter.code), "yellow"),
            Text(_harmless(_reason(kept))),
            Text(f"by {kept.replayed_by}" if kept.replayed_by else "", "green"),
        )
    return shown


def _place(letter: DeadLetter) -> str:
    place = f"{letter.partition}/{letter.offset}"
    return place if letter.topic == TRANSACTIONS.name else f"{letter.topic} {place}"


def _reason(kept: KeptLetter) -> str:
    letter = kept.letter
    return f"{letter.pointer}: {letter.reason}" if letter.pointer else letter.reason


def about(kept: KeptLetter) -> Table:
    """All that is known of one."""
    letter, shown = kept.letter, Table.grid(padding=(0, 2))
    again = f"by {kept.replayed_by} at {kept.replayed_at:%F %T} UTC" if kept.replayed_at else "no"
    facts = {
        "from": f"{letter.topic}, partition {letter.partition}, offset {letter.offset}",
        "when": f"{kept.rejected_at:%Y-%m-%d %H:%M:%S} UTC",
        "why": f"{letter.code}: {_reason(kept)}",
        "id": letter.event_id or "cannot be told",
        "kind": letter.kind or "transaction",
        "bytes": f"{len(letter.value):,}" + (", card numbers masked" if letter.is_masked else ""),
        "SHA-256": letter.original_sha256,
        "sent again": again,
    }
    for name, fact in facts.items():
        shown.add_row(Text(name, "dim"), Text(_harmless(fact)))
    return shown


def content(value: bytes) -> Text | Syntax:
    """What it holds: as JSON where it is, else as text or bytes; nothing in it moves the cursor."""
    try:
        text = value.decode()
    except UnicodeDecodeError:
        return Text(value[:HEXADECIMAL_BYTES_MAX].hex(" ", 4))
    try:
        return Syntax(json.dumps(json.loads(text), indent=2, ensure_ascii=True), "json")
    except (ValueError, RecursionError):
        return Text(text.encode("unicode_escape").decode())


def _harmless(text: str) -> str:
    return "".join(
        character if character.isprintable() else "\N{REPLACEMENT CHARACTER}" for character in text
    )
