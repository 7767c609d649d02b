"""What `watchkeeper audit verify` shows a person."""

from io import StringIO

from rich.console import Console

from runtime.audit.chain import Fault
from watchkeeper.auditing import Report
from watchkeeper.commands.audit import show


def shown(*faults: Fault, elsewhere: int = 2, is_whole: bool = True) -> str:
    report = Report(
        intact=not faults,
        records=48,
        unsealed=2,
        rows=45_210,
        checkpoints=3 + elsewhere,
        places={"checkpoints.jsonl": 3, "s3://audit/bank": elsewhere},
        is_whole=is_whole,
        head="ab" * 32,
        fault_count=len(faults),
        faults=faults,
    )
    output = StringIO()
    show(report, Console(file=output, width=100))
    return output.getvalue()


def test_an_intact_chain_is_called_so_with_what_was_looked_at() -> None:
    text = shown()
    assert "45,210" in text
    assert text.endswith("Intact.\n")


def test_each_fault_names_its_record_where_it_has_one() -> None:
    text = shown(Fault(40, "it is [not] what was booked"), Fault(None, "no record tells of a row"))
    assert "✗ record 40: it is [not] what was booked\n" in text
    assert "✗ no record tells of a row\n" in text
    assert text.endswith("Not intact.\n")


def test_a_place_whose_checkpoints_are_gone_is_pointed_at_where_the_whole_was_looked_at() -> None:
    words = "! No checkpoint of s3://audit/bank saw any of these records.\n"
    assert words in shown(elsewhere=0)
    assert words not in shown(elsewhere=0, is_whole=False)
    assert words not in shown()
