"""New payee: a customer is talked into paying a swindler.

Everything is right: the device, the town, the second factor. But after weeks of small sums to the
same few people, a large one goes to an account that was never paid before, and soon a second.
"""

from watchkeeper.simulator import activities
from watchkeeper.simulator.scene import Move, Scene

TRANSFERS = (activities.payment_to_friend, activities.bill)


def stage(scene: Scene) -> list[Move]:
    """A month of habits, then two large transfers to one new account."""
    victim, swindler = scene.person(), scene.stranger("a")
    payments = [
        scene.act(
            moment,
            activities.payment_to_friend,
            victim,
            amount_minor=scene.between(380_000, 890_000),
            counterparty_id=swindler,
        )
        for moment in (0.4, 0.7)
    ]
    return [*scene.past(victim, 12, (27, 1), TRANSFERS), *payments]
