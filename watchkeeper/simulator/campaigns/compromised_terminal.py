"""Compromised terminal: a reader that was tampered with is used to cash in copied cards.

Many cards of different owners pay at one terminal within a short time, drawn through instead of
read by the chip, for sums far above what that shop usually takes.
"""

from watchkeeper.simulator import activities
from watchkeeper.simulator.places import HOME_CITIES
from watchkeeper.simulator.scene import HOUR_MS, Move, Scene, spread, unlabelled

USUAL, COPIES = 6, 18


def stage(scene: Scene) -> list[Move]:
    """Six ordinary customers in the days before, then eighteen copied cards."""
    shop = {"merchant_id": scene.stranger("m"), "terminal_id": scene.stranger("t")}
    here = shop | {"merchant_category": "5411"} | _place(scene)
    before = [
        scene.earlier(
            (USUAL - number) * 20 * HOUR_MS,
            activities.shop_payment,
            customer,
            amount_minor=scene.between(900, 4_200),
            **here,
        )
        for number, customer in enumerate(scene.people(USUAL))
    ]
    copies = [
        scene.act(
            moment,
            activities.shop_payment,
            owner,
            amount_minor=scene.between(31_000, 88_000),
            entry_mode="magstripe",
            authentication="signature",
            **here,
        )
        for moment, owner in zip(spread(COPIES), scene.people(COPIES), strict=True)
    ]
    return [*unlabelled(before), *copies]


def _place(scene: Scene) -> dict[str, object]:
    city = HOME_CITIES[scene.between(0, len(HOME_CITIES) - 1)]
    return {
        "country": city.country,
        "merchant_country": city.country,
        "latitude": city.latitude,
        "longitude": city.longitude,
    }
