"""Card not present: a stolen card number buys whatever can be sold on, in one shop after another.

The thief has number and code from a leak and a machine that the customer never used. Shops that ask
for no second factor are preferred: telephones, gift cards, an exchange for crypto-assets.
"""

from watchkeeper.simulator import activities
from watchkeeper.simulator.scene import Move, Scene, spread

SHOPS = 7
CATEGORIES = ("5732", "5944", "5815", "6051")
FROM_OWN_DEVICE = (activities.online_payment, activities.payment_to_friend, activities.bill)


def stage(scene: Scene) -> list[Move]:
    """A month of habits, then seven shops from a stranger's machine."""
    victim = scene.person()
    machine = {
        "device_id": scene.stranger("d"),
        "ip": scene.address(),
        "country": "US",
        "authentication": "none",
    }
    purchases = [
        scene.act(
            moment,
            activities.online_payment,
            victim,
            amount_minor=scene.between(26_000, 74_000),
            merchant_id=scene.stranger("m"),
            merchant_category=CATEGORIES[number % len(CATEGORIES)],
            merchant_country="US",
            **machine,
        )
        for number, moment in enumerate(spread(SHOPS, 0.1, 0.9))
    ]
    return [*scene.past(victim, 14, (27, 1), FROM_OWN_DEVICE), *purchases]
