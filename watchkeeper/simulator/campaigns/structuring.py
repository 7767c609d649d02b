"""Structuring: cash is paid in by pieces that each stay just under the sum that must be reported.

Over several days one customer brings notes to several branches, every time somewhat less than
10,000, and together many times that.
"""

from watchkeeper.simulator import activities
from watchkeeper.simulator.scene import DAY_MS, HOUR_MS, Move, Scene, spread

EARLIER, TODAY = 4, 3


def stage(scene: Scene) -> list[Move]:
    """Four deposits in the days before and three today, all just below the limit."""
    customer = scene.person()
    before = [
        scene.earlier(
            number * DAY_MS + 3 * HOUR_MS, activities.cash_deposit, customer, **_piece(scene)
        )
        for number in range(EARLIER, 0, -1)
    ]
    today = [
        scene.act(moment, activities.cash_deposit, customer, **_piece(scene))
        for moment in spread(TODAY, 0.2, 0.8)
    ]
    return [*before, *today]


def _piece(scene: Scene) -> dict[str, object]:
    branch = f"{scene.world.prefix}-b-{100 + scene.between(0, 21)}"
    return {"amount_minor": scene.between(910, 995) * 1_000, "branch_id": branch}
