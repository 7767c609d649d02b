"""High-risk country: money goes where the counter-measures of the world's watchdog apply.

The payer may not even hide it: a few transfers of some thousands to accounts in such a country.
"""

from watchkeeper.simulator import activities
from watchkeeper.simulator.places import HIGH_RISK_COUNTRIES
from watchkeeper.simulator.scene import Move, Scene, spread


def stage(scene: Scene) -> list[Move]:
    """One transfer to each of the countries."""
    payer = scene.person()
    return [
        scene.act(
            moment,
            activities.payment_to_friend,
            payer,
            amount_minor=scene.between(210_000, 760_000),
            counterparty_id=scene.stranger("a"),
            counterparty_country=country,
        )
        for moment, country in zip(spread(3, 0.2, 0.8), HIGH_RISK_COUNTRIES, strict=True)
    ]
