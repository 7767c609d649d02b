"""Merchant collusion: a shop lends its terminal to thieves and shares what they take.

In the weeks before, holders have had payments at this shop charged back. Now many stolen numbers
are typed in, one after the other, for sums that the shop never took from its own customers.
"""

from watchkeeper.simulator import activities
from watchkeeper.simulator.scene import HOUR_MS, Move, Scene, spread, unlabelled

CHARGEBACKS, CARDS = 12, 9


def stage(scene: Scene) -> list[Move]:
    """Twelve chargebacks of the last weeks, then nine cards typed in for large sums."""
    shop = {
        "merchant_id": scene.stranger("m"),
        "terminal_id": scene.stranger("t"),
        "merchant_category": "5732",
        "merchant_country": "GB",
        "country": None,
        "latitude": None,
        "longitude": None,
    }
    complaints = [
        scene.earlier(
            (CHARGEBACKS - number) * 40 * HOUR_MS,
            activities.shop_payment,
            holder,
            type="chargeback",
            direction="credit",
            amount_minor=scene.between(24_000, 88_000),
            entry_mode=None,
            authentication=None,
            **shop,
        )
        for number, holder in enumerate(scene.people(CHARGEBACKS))
    ]
    typed_in = [
        scene.act(
            moment,
            activities.shop_payment,
            owner,
            amount_minor=scene.between(24_000, 88_000),
            entry_mode="manual",
            authentication="none",
            **shop,
        )
        for moment, owner in zip(spread(CARDS, 0.1, 0.9), scene.people(CARDS), strict=True)
    ]
    return [*unlabelled(complaints), *typed_in]
