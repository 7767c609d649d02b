"""The marks of a stack: operations tells its own, where it answers."""

from api.monitoring import positions
from watchkeeper.status import with_watched

METRICS = """\
# HELP watchkeeper_operations_position The position up to which all has been watched.
# TYPE watchkeeper_operations_position gauge
watchkeeper_operations_position{cell="0"} 1.041e+03
watchkeeper_operations_position{cell="1"} -1.0
"""
MARKS = {"scoring": {"0": 1_050, "1": -1}, "log_end": {"0": 1_060, "1": 0}}


def test_operations_stands_among_the_consumers_and_the_end_of_the_log_last() -> None:
    watched = {str(cell): at for cell, at in positions("operations", METRICS).items()}
    found = with_watched(MARKS, watched)
    assert list(found) == ["scoring", "operations", "log_end"]
    assert found["operations"] == {"0": 1_041, "1": -1}


def test_without_an_answer_the_others_are_told() -> None:
    assert positions("operations", None) == {}
    assert with_watched(MARKS, {}) == MARKS
