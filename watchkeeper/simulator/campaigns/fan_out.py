"""Fan-out: one account spreads a sum over many others within a short time.

The mirror of a fan-in: stolen money is scattered in similar pieces over accounts that this customer
never paid before, so that no single piece is worth a look.
"""

from watchkeeper.simulator import activities
from watchkeeper.simulator.scene import Move, Scene, spread

PIECES = 22


def stage(scene: Scene) -> list[Move]:
    """Twenty-two pieces of nearly the same size to as many new accounts."""
    spreader = scene.person()
    pieces = [
        scene.act(
            moment,
            activities.payment_to_friend,
            spreader,
            amount_minor=scene.between(28_000, 42_000),
            counterparty_id=scene.stranger("a"),
        )
        for moment in spread(PIECES)
    ]
    return [*scene.past(spreader, 6, (30, 2)), *pieces]
