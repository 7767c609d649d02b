"""Rapid movement: a large sum comes in and leaves again within minutes, nearly whole.

The account is a step in a chain that hides where money came from: what it takes from one bank it
sends to another, but for a small reward.
"""

from watchkeeper.simulator import activities
from watchkeeper.simulator.scene import Move, Scene

ROUNDS = 2


def stage(scene: Scene) -> list[Move]:
    """In and out, twice."""
    link = scene.person()
    moves = scene.past(link, 8, (30, 2))
    for number in range(ROUNDS):
        amount, begin = scene.between(450_000, 880_000), 0.1 + 0.45 * number
        moves += [
            scene.act(
                begin,
                activities.payment_from_friend,
                link,
                amount_minor=amount,
                counterparty_id=scene.stranger("a"),
            ),
            scene.act(
                begin + 0.3,
                activities.payment_to_friend,
                link,
                amount_minor=amount * scene.between(94, 98) // 100,
                counterparty_id=scene.stranger("a"),
            ),
        ]
    return moves
