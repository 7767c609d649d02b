"""Night-time cash-out: a stolen card and its PIN, at the hour at which the daily limit begins anew.

The machine had lost its line and reports in the morning what it paid out: two withdrawals of the
largest sum shortly before midnight, and two more right after.
"""

from watchkeeper.simulator import activities
from watchkeeper.simulator.scene import DAY_MS, MINUTE_MS, Move, Scene

BEFORE_MIDNIGHT, AFTER_MIDNIGHT = (14, 9), (6, 12)
NOTES_MINOR = 40_000


def stage(scene: Scene) -> list[Move]:
    """Four withdrawals about the last midnight."""
    owner = scene.person()
    machine = {"terminal_id": scene.stranger("t"), "amount_minor": NOTES_MINOR}
    since_midnight = (scene.start_ms + scene.begin_ms) % DAY_MS
    minutes = [*BEFORE_MIDNIGHT, *(-after for after in AFTER_MIDNIGHT)]
    return [
        scene.earlier(
            _never_ahead(since_midnight) + before * MINUTE_MS,
            activities.cash_withdrawal,
            owner,
            **machine,
        )
        for before in minutes
    ]


def _never_ahead(since_midnight: int) -> int:
    """In the first minutes of a day its midnight is too near: then it is the one before."""
    is_near = since_midnight < (AFTER_MIDNIGHT[-1] + 1) * MINUTE_MS
    return since_midnight + (DAY_MS if is_near else 0)
