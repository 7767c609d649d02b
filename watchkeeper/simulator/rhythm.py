"""When people act: the hours of the day, and what is done at which of them."""

import numpy as np

from watchkeeper.simulator.draws import Integers, Reals

HOUR_MS = 3_600_000
# Shares of a day's card payments by local hour, as card schemes see them: quiet nights, lunch, the
# way home.
_NIGHT, _MORNING = (0.6, 0.35, 0.25, 0.2, 0.3, 0.7), (1.6, 3.2, 4.8, 5.6, 6.1, 6.8)
_AFTERNOON, _EVENING = (7.6, 7.0, 6.1, 5.9, 6.4, 7.4), (7.6, 6.0, 4.4, 3.2, 2.2, 1.2)
_DAY = np.array([*_NIGHT, *_MORNING, *_AFTERNOON, *_EVENING])
_SHIFTS = (-2, 0, 1, 4)  # Early birds, most people, late risers, night owls.
HOUR_WEIGHTS = np.stack([np.roll(_DAY, shift) for shift in _SHIFTS])


def local_hours(at_ms: int, utc_offsets: Integers) -> Integers:
    """The hour of the day at each offset from UTC."""
    return (at_ms // HOUR_MS + utc_offsets) % 24


def daylight(at_ms: int, utc_offset: int = 1) -> float:
    """How much of the day's life there is: 1 at the busiest hour, near 0 in the night."""
    return float(_DAY[(at_ms // HOUR_MS + utc_offset) % 24] / _DAY.max())


def awake(rhythm: Integers, hours: Integers) -> Reals:
    """How likely a customer of each rhythm is to act in each hour."""
    return HOUR_WEIGHTS[rhythm, hours]
