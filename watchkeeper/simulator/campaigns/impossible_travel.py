"""Impossible travel: one card at two places between which nobody can have travelled.

The owner pays in a shop at home; minutes later a copy of the card is drawn through a reader on
another continent.
"""

from watchkeeper.simulator import activities
from watchkeeper.simulator.places import FAR_CITIES
from watchkeeper.simulator.scene import Move, Scene, spread, unlabelled

_FAR = tuple(city for city in FAR_CITIES if city.country in {"TH", "AU", "JP", "US"})


def stage(scene: Scene) -> list[Move]:
    """Two payments at home, then four far away."""
    owner = scene.person()
    home, far = scene.home(owner), _FAR[scene.between(0, len(_FAR) - 1)]
    at_home = [
        scene.act(
            moment,
            activities.shop_payment,
            owner,
            country=home.country,
            merchant_country=home.country,
            latitude=home.latitude,
            longitude=home.longitude,
        )
        for moment in (0.1, 0.3)
    ]
    far_away = [
        scene.act(
            moment,
            activities.shop_payment,
            owner,
            amount_minor=scene.between(18_000, 74_000),
            country=far.country,
            merchant_country=far.country,
            latitude=far.latitude,
            longitude=far.longitude,
            merchant_id=scene.stranger("m"),
            merchant_category="5732",
            terminal_id=scene.stranger("t"),
            entry_mode="magstripe",
            authentication="signature",
        )
        for moment in spread(4, 0.45, 0.9)
    ]
    return [*unlabelled(at_home), *far_away]
