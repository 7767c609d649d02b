"""Velocity: a stolen card is used as often as possible before it is blocked.

The thief goes from shop to shop in one street and pays every few seconds, middling sums, always by
holding the card to the reader or by the stripe.
"""

from watchkeeper.simulator import activities
from watchkeeper.simulator.scene import Move, Scene, spread

PAYMENTS = 22


def stage(scene: Scene) -> list[Move]:
    """Twenty-two payments with one card in as many shops."""
    owner = scene.person()
    return [
        scene.act(
            moment,
            activities.shop_payment,
            owner,
            amount_minor=scene.between(2_400, 14_900),
            merchant_id=scene.stranger("m"),
            terminal_id=scene.stranger("t"),
            entry_mode="contactless",
            authentication="none",
        )
        for moment in spread(PAYMENTS)
    ]
