"""Money mule: an account lent to criminals takes in what others were tricked out of.

Until now it saw pocket money. Within minutes several strangers at other banks send it large sums,
and almost all of it leaves again at once: a little at a cash machine, most to an account abroad.
"""

from watchkeeper.simulator import activities
from watchkeeper.simulator.scene import Move, Scene, spread

PAYERS = 7
NOTES_MINOR, SENT_ON_PERCENT = 50_000, 88


def stage(scene: Scene) -> list[Move]:
    """Seven sums from strangers, then cash and a transfer that take nearly all of it away."""
    mule = scene.person()
    sums = [scene.between(90_000, 240_000) for _ in range(PAYERS)]
    taken_in = [
        scene.act(
            moment,
            activities.payment_from_friend,
            mule,
            amount_minor=amount,
            counterparty_id=scene.stranger("a"),
        )
        for moment, amount in zip(spread(PAYERS, 0.1, 0.5), sums, strict=True)
    ]
    cash = scene.act(0.6, activities.cash_withdrawal, mule, amount_minor=NOTES_MINOR)
    sent_on = scene.act(
        0.85,
        activities.payment_to_friend,
        mule,
        amount_minor=SENT_ON_PERCENT * sum(sums) // 100,
        counterparty_id=scene.stranger("a"),
        counterparty_country="TR",
    )
    return [*scene.past(mule, 6, (30, 2)), *taken_in, cash, sent_on]
