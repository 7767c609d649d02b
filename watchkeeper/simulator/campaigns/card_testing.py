"""Card testing: stolen card numbers are tried out with tiny sums until one works.

A script on one machine runs through a list of cards in one online shop that asks for no second
factor: each card gets a handful of payments of a euro or two, seconds apart. At the end the first
card that worked buys something that can be sold on.
"""

from watchkeeper.simulator import activities
from watchkeeper.simulator.scene import Move, Scene, spread

CARDS, TRIES = 3, 8


def stage(scene: Scene) -> list[Move]:
    """Three cards, eight tries each, then one large purchase."""
    machine = _machine(scene)
    cards = scene.people(CARDS)
    tries = [
        scene.act(moment, activities.online_payment, card, amount_minor=_tiny(scene), **machine)
        for number, card in enumerate(cards)
        for moment in spread(TRIES, 0.05 + 0.28 * number, 0.28 + 0.28 * number)
    ]
    haul = {"amount_minor": scene.between(24_000, 48_000), "merchant_category": "5732"}
    return [*tries, scene.act(0.95, activities.online_payment, cards[0], **machine | haul)]


def _tiny(scene: Scene) -> int:
    return scene.between(50, 199)


def _machine(scene: Scene) -> dict[str, object]:
    return {
        "device_id": scene.stranger("d"),
        "ip": scene.address(),
        "country": "US",
        "authentication": "none",
        "merchant_id": scene.stranger("m"),
        "merchant_category": "5815",
        "merchant_country": "US",
    }
