"""Dormant account: nothing moved for weeks, and suddenly the money goes.

The owner has died, moved or forgotten; someone with a stolen letter or an insider's knowledge wakes
the account and takes what is there, in large transfers to accounts that were never paid before.
"""

from watchkeeper.simulator import activities
from watchkeeper.simulator.scene import Move, Scene, spread

KNOWN_DAYS = (85.0, 45.0)


def stage(scene: Scene) -> list[Move]:
    """A few movements, the last of them six weeks ago, then three large transfers."""
    owner = scene.person()
    thefts = [
        scene.act(
            moment,
            activities.payment_to_friend,
            owner,
            amount_minor=scene.between(260_000, 620_000),
            counterparty_id=scene.stranger("a"),
            channel="online",
            authentication="otp",
        )
        for moment in spread(3, 0.3, 0.8)
    ]
    return [*scene.past(owner, 7, KNOWN_DAYS), *thefts]
