"""Refund abuse: money is given back that was never paid.

Someone behind a counter, or with the codes of a shop's terminal, books refunds to a card of their
own: a small purchase to begin with, and then one refund after the other, each larger than it.
"""

from watchkeeper.simulator import activities
from watchkeeper.simulator.scene import Move, Scene, spread, unlabelled

REFUNDS = 6


def stage(scene: Scene) -> list[Move]:
    """One purchase, then six refunds by the same shop."""
    clerk = scene.person()
    bought = scene.act(0.05, activities.shop_payment, clerk, amount_minor=scene.between(300, 900))
    back = {"type": "refund", "direction": "credit", "entry_mode": None, "authentication": None}
    shop = {name: bought.fields[name] for name in ("merchant_id", "terminal_id")}
    refunds = [
        scene.act(
            moment,
            activities.shop_payment,
            clerk,
            amount_minor=scene.between(6_000, 19_000),
            **shop,
            **back,
        )
        for moment in spread(REFUNDS, 0.2, 0.9)
    ]
    return [*unlabelled([bought]), *refunds]
