"""Kernels work wherever the checkout lies, and keep their code where they can."""

from pathlib import Path

from rules.features.compiling import compiled, first_writable


def _double(number: int) -> int:
    return 2 * number


def test_without_a_place_to_keep_it_a_kernel_works_all_the_same() -> None:
    assert compiled(_double, None)(21) == 42


def test_a_kernel_is_kept_in_its_folder(tmp_path: Path) -> None:
    assert compiled(_double, tmp_path)(21) == 42
    assert list(tmp_path.rglob("*.nbi"))


def test_a_folder_that_cannot_be_made_is_passed_over(tmp_path: Path) -> None:
    (tmp_path / "file").touch()

    assert first_writable(tmp_path / "file" / "kernels", tmp_path / "good") == tmp_path / "good"
    assert first_writable(tmp_path / "file" / "kernels") is None
