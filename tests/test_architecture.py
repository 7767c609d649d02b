"""The house rules that no linter knows: sizes, floors, where things may lie."""

import ast
import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
ROOMS = (
    "data_contracts",
    "runtime",
    "rules",
    "ledger",
    "casework",
    "api",
    "dataflows",
    "analytics",
    "streamlit_app",
    "watchkeeper",
)
FILE_LINES_MAX = 350
FUNCTION_LINES_MAX = 50
TRACKED = [
    ROOT / name
    for name in subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split("\0")
    if name
]
SOURCES = [path for path in TRACKED if path.suffix == ".py" and path.exists()]


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_a_file_is_about_one_thing(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= FILE_LINES_MAX


@pytest.mark.parametrize("path", SOURCES, ids=relative)
def test_a_function_fits_on_a_screen(path: Path) -> None:
    too_long = [
        f"{relative(path)}:{node.lineno} {node.name}"
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and body_lines(node) > FUNCTION_LINES_MAX
    ]
    assert not too_long


def body_lines(node: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node.body[0]
    return (node.end_lineno or first.lineno) - first.lineno + 1


def test_rooms_import_downwards_only() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    result = subprocess.run([linter], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout


def test_the_dashboard_talks_to_the_api_and_the_archive_only() -> None:
    allowed = {"streamlit_app", "analytics", "runtime", "data_contracts"}
    strangers = {
        f"{relative(path)} imports {name}"
        for path in SOURCES
        if path.is_relative_to(ROOT / "streamlit_app")
        for name in imported_rooms(path)
        if name not in allowed
    }
    assert not strangers


def imported_rooms(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module.partition(".")[0])
    return names & set(ROOMS)


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_is_found_in_this_house(room: str) -> None:
    spec = importlib.util.find_spec(room)
    assert spec is not None
    assert spec.origin is not None
    assert Path(spec.origin).is_relative_to(ROOT)


def test_tests_are_no_packages() -> None:
    assert not [relative(path) for path in SOURCES if path.match("tests/**/__init__.py")]


def test_no_dashboard_file_bears_the_name_of_a_room() -> None:
    names = {path.stem for path in SOURCES if path.is_relative_to(ROOT / "streamlit_app")}
    assert not names & set(ROOMS)


def test_no_file_names_a_package_registry_or_carries_a_large_blob() -> None:
    hosts = ("pypi" + ".org", "python" + "hosted", "registry." + "npmjs", "repo1." + "maven")
    for path in TRACKED:
        if not path.exists():
            continue
        raw = path.read_bytes()
        assert len(raw) <= 1_000_000, relative(path)
        assert not [host for host in hosts if host.encode() in raw], relative(path)
