"""What an analyst sees: the live page in a real browser, over a real stack with real traffic."""

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect, sync_playwright

from tests.stories.conftest import Stack, ended

pytestmark = [pytest.mark.stack, pytest.mark.browser]

# Debian's browser without its services that call home.
QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
SOON_MS = 60_000


@pytest.fixture
def page() -> Iterator[Page]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(QUIET)
        )
        page = browser.new_page(viewport={"width": 1400, "height": 1100})
        yield page
        browser.close()


def test_the_live_page_shows_decisions_alerts_and_health(
    stack: Stack, page: Page, tmp_path: Path
) -> None:
    errors: list[str] = []
    page.on("console", lambda told: errors.append(told.text) if told.type == "error" else None)
    traffic = stack.start(
        "simulate", "--tps=100", "--seconds=25", "--fraud=all", "--accounts=2000", "--json"
    )
    page.goto(stack.descriptor.dashboard_url)
    expect(page.get_by_text("All processes are up and keep pace")).to_be_visible(timeout=SOON_MS)
    expect(tile(page, "Decided")).to_have_text(something_per_second(), timeout=SOON_MS)
    expect(page.get_by_text(re.compile(r"(review|decline) · \d")).first).to_be_visible(
        timeout=SOON_MS
    )
    assert ended(traffic)["stack"]["lost"] == 0
    for process in ("api", "scoring", "posting", "archiving", "alerting", "operations"):
        assert stack.processes()[process]["is_healthy"]
    picture = tmp_path / "live.png"
    page.screenshot(path=picture, full_page=True)
    assert picture.stat().st_size > 20_000
    assert not errors


def tile(page: Page, label: str) -> Locator:
    metric = page.get_by_test_id("stMetric").filter(has_text=label).first
    return metric.get_by_test_id("stMetricValue")


def something_per_second() -> re.Pattern[str]:
    return re.compile(r"^[1-9][0-9,.]*/s$")
