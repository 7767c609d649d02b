import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from streamlit_app.panels import UNREADABLE


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    st.cache_data.clear()
    st.cache_resource.clear()


def page_with_an_alert() -> None:
    from datetime import UTC, datetime, timedelta  # noqa: PLC0415  (the page runs this text alone)

    from data_contracts.alert import Alert, AlertKind  # noqa: PLC0415
    from data_contracts.decision import Severity  # noqa: PLC0415
    from data_contracts.monitoring import ProcessHealth, Snapshot  # noqa: PLC0415
    from streamlit_app import live  # noqa: PLC0415
    from streamlit_app.gateway import (  # noqa: PLC0415
        MemoryGateway,
        Publications,
        TrippedRule,
    )

    noon = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    snapshots = [
        Snapshot(
            taken_at=noon + timedelta(seconds=2 * number),
            processes=(ProcessHealth(name="scoring", is_up=True, position=100 * number),),
            servers={"kafka": True},
            log_end=100 * number + 1,
            accepted=100.0 * number,
            decisions={"approve": 90.0 * number, "review": 10.0 * number},
        )
        for number in range(2)
    ]
    live.history().extend(snapshots[:1])
    alert = Alert(
        alert_id="a",
        kind=AlertKind.TRANSACTION,
        tenant="demo",
        entity_kind="account",
        entity="acc-1",
        severity=Severity.HIGH,
        title="Many card payments",
        reasons=("5 card payments within ten minutes",),
        rules=("card-velocity-10m",),
        score=60,
        verdict="review",
        raised_at=noon,
    )
    held = TrippedRule(rule_id="fan-out", reason="501 hits", recorded_at=noon)
    live.draw(MemoryGateway(snapshots[1:], [alert], Publications(breakers=[held])))


def page_without_the_books() -> None:
    from datetime import UTC, datetime  # noqa: PLC0415  (the page runs this text alone)

    from data_contracts.monitoring import Snapshot  # noqa: PLC0415
    from streamlit_app import live  # noqa: PLC0415
    from streamlit_app.gateway import MemoryGateway  # noqa: PLC0415

    noon = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
    now = Snapshot(taken_at=noon, processes=(), servers={"postgres": False}, log_end=0)
    live.draw(MemoryGateway([now], alerts=None, published=None))


def page_without_an_api() -> None:
    from streamlit_app import live  # noqa: PLC0415  (the page runs this text alone)
    from streamlit_app.gateway import MemoryGateway  # noqa: PLC0415

    live.draw(MemoryGateway())


def test_the_page_shows_rates_alerts_and_health() -> None:
    page = AppTest.from_function(page_with_an_alert, default_timeout=60).run()
    assert not page.exception
    assert {tile.label: tile.value for tile in page.metric} == {
        "Accepted": "50/s",
        "Refused": "0/s",
        "Decided": "50/s",
        "Flagged": "10 %",
        "API p95": "—",
        "Decision p95": "—",
        "Scoring lag": "0",
        "Dead letters": "—",
    }
    alerts, health, rules = (table.value for table in page.table)
    assert alerts["whom"].tolist() == ["acc-1"]
    assert alerts["decision"].tolist() == ["review · 60"]
    assert alerts["why"].tolist() == ["5 card payments within ten minutes"]
    assert health["process"].tolist() == [":green[●] scoring"]
    assert rules["in shadow"].tolist() == ["fan-out"]
    assert "Nobody was behind." in [text.value for text in page.caption]
    assert page.warning[0].value == "1 rule is held in shadow · 12:00:02 UTC"


def test_without_the_books_the_page_still_says_how_the_parts_are() -> None:
    page = AppTest.from_function(page_without_the_books, default_timeout=60).run()
    assert not page.exception
    assert page.warning[0].value == "postgres does not answer · 12:00:00 UTC"
    assert [text.value for text in page.caption].count(UNREADABLE) == 2


def test_the_page_says_so_when_the_api_is_away() -> None:
    page = AppTest.from_function(page_without_an_api, default_timeout=60).run()
    assert not page.exception
    assert "The API does not answer" in page.error[0].value
