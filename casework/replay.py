"""Sending a dead letter again: only what came, byte for byte, and only where it came from."""

from collections.abc import Callable
from datetime import datetime
from hashlib import sha256

from casework.ports import Letters
from casework.values import KeptLetter
from data_contracts.topics import TRANSACTIONS

Send = Callable[[KeptLetter], None]


class NotReplayable(ValueError):
    """A dead letter that cannot be sent again; the message says why and what else to do."""


def check(kept: KeptLetter, topic: str = TRANSACTIONS.name) -> None:
    """Refuse a letter whose original bytes are not there, or that never stood in the log."""
    letter = kept.letter
    if letter.topic != topic:
        raise NotReplayable(
            f"dead letter {kept.number} comes from {letter.topic}: only messages of {topic} "
            "can be sent again"
        )
    if letter.is_masked or sha256(letter.value).hexdigest() != letter.original_sha256:
        raise NotReplayable(
            f"dead letter {kept.number} held a card number, which is masked here: its original is "
            "not kept, so let the payment system send it again with a token"
        )


def replay(kept: KeptLetter, letters: Letters, send: Send, by: str, at: datetime) -> bool:
    """Send the original once; False says that somebody had before.

    A crash between sending and marking lets it be sent a second time: harmless, for an id that
    stands in the log twice is decided once.
    """
    if kept.replayed_at is not None:
        return False
    check(kept)
    send(kept)
    return letters.mark_replayed(kept.number, by, at)
