"""Contactless limit: a lost card is tapped for as much as goes without a PIN, again and again.

Whoever found it cannot know the PIN, and knows that none is asked for up to fifty: so each payment
is a little less, in one shop after the other, within minutes.
"""

from watchkeeper.simulator import activities
from watchkeeper.simulator.scene import Move, Scene, spread

TAPS = 6


def stage(scene: Scene) -> list[Move]:
    """Six payments just below the limit, in six shops."""
    owner = scene.person()
    return [
        scene.act(
            moment,
            activities.shop_payment,
            owner,
            amount_minor=scene.between(4_300, 4_990),
            merchant_id=scene.stranger("m"),
            terminal_id=scene.stranger("t"),
            entry_mode="contactless",
            authentication="none",
        )
        for moment in spread(TAPS, 0.1, 0.9)
    ]
