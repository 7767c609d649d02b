"""Large amount: a single payment far beyond anything that this customer ever made."""

from watchkeeper.simulator import activities
from watchkeeper.simulator.scene import Move, Scene


def stage(scene: Scene) -> list[Move]:
    """A month of habits, then one transfer of a house's price."""
    payer = scene.person()
    payment = scene.act(
        0.5,
        activities.payment_to_friend,
        payer,
        amount_minor=scene.between(6_000_000, 24_000_000),
        counterparty_id=scene.stranger("a"),
        channel="online",
        authentication="otp",
    )
    return [*scene.past(payer, 14, (40, 1)), payment]
