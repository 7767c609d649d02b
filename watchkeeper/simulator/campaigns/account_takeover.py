"""Account take-over: somebody else signs in and empties the account.

The customer has used the same telephone from the same town for weeks. Then a device that was never
seen, in another country, signs in with the stolen password and sends the savings away in a few
large transfers to accounts that were never paid before.
"""

from watchkeeper.simulator import activities
from watchkeeper.simulator.scene import Move, Scene, spread

TRANSFERS = 3
FROM_OWN_DEVICE = (activities.online_payment, activities.payment_to_friend, activities.bill)


def stage(scene: Scene) -> list[Move]:
    """A month of habits, then three transfers from a stranger's device."""
    victim = scene.person()
    intruder = {
        "device_id": scene.stranger("d"),
        "ip": scene.address(),
        "country": "GB",
        "channel": "online",
        "authentication": "password",
    }
    thefts = [
        scene.act(
            moment,
            activities.payment_to_friend,
            victim,
            amount_minor=scene.between(180_000, 490_000),
            counterparty_id=scene.stranger("a"),
            counterparty_country="GB",
            **intruder,
        )
        for moment in spread(TRANSFERS, 0.3, 0.8)
    ]
    return [*scene.past(victim, 14, (40, 1), FROM_OWN_DEVICE), *thefts]
