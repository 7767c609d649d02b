"""Round amounts: money is moved about in thousands that no invoice ever came to.

A company that sells nothing passes what it got to others of its kind: a thousand here, five there,
always round, day after day.
"""

from watchkeeper.simulator import activities
from watchkeeper.simulator.scene import DAY_MS, Move, Scene, spread

THOUSANDS = (100_000, 200_000, 300_000, 500_000)
EARLIER, TODAY = 3, 3


def stage(scene: Scene) -> list[Move]:
    """Three round transfers in the days before and three today."""
    company = scene.person()
    before = [
        scene.earlier(number * DAY_MS, activities.payment_to_friend, company, **_round(scene))
        for number in range(EARLIER, 0, -1)
    ]
    today = [
        scene.act(moment, activities.payment_to_friend, company, **_round(scene))
        for moment in spread(TODAY, 0.2, 0.8)
    ]
    return [*before, *today]


def _round(scene: Scene) -> dict[str, object]:
    thousands = THOUSANDS[scene.between(0, len(THOUSANDS) - 1)]
    return {
        "amount_minor": thousands,
        "counterparty_id": scene.stranger("a"),
        "channel": "online",
        "authentication": "otp",
    }
