"""Fan-in: many accounts pay into one within a short time.

The collecting account is where a swindle's victims, or a ring's members, send their part. Some of
the payers are customers of ours, some of other banks; at the end the collector sends the money on.
"""

from watchkeeper.simulator import activities
from watchkeeper.simulator.scene import Move, Scene, spread

OWN_PAYERS, OTHER_PAYERS = 14, 14


def stage(scene: Scene) -> list[Move]:
    """Fourteen of our customers and fourteen others pay; then the collector sends it on."""
    collector = scene.person()
    ours = [
        scene.act(
            moment,
            activities.payment_to_friend,
            payer,
            amount_minor=_share(scene),
            counterparty_id=scene.account(collector),
        )
        for moment, payer in zip(
            spread(OWN_PAYERS, 0.05, 0.7), scene.people(OWN_PAYERS), strict=True
        )
    ]
    others = [
        scene.act(
            moment,
            activities.payment_from_friend,
            collector,
            amount_minor=_share(scene),
            counterparty_id=scene.stranger("a"),
        )
        for moment in spread(OTHER_PAYERS, 0.07, 0.75)
    ]
    sent_on = scene.act(
        0.9,
        activities.payment_to_friend,
        collector,
        amount_minor=scene.between(900_000, 980_000),
        counterparty_id=scene.stranger("a"),
    )
    return [*ours, *others, sent_on]


def _share(scene: Scene) -> int:
    return scene.between(38_000, 46_000)
