"""The analysts' desk: `streamlit run streamlit_app/app.py`."""

from datetime import UTC, datetime

import httpx
import streamlit as st

from runtime.settings import Settings
from runtime.tokens import Bearer, make_token
from streamlit_app import live
from streamlit_app.gateway import ANSWER_SECONDS_MAX, Gateway, HttpGateway


@st.cache_resource
def gateway() -> Gateway:
    """One client for all sessions of this server."""
    settings = Settings()
    base = f"http://{settings.api_host}:{settings.api_port}"
    client = httpx.Client(base_url=base, timeout=ANSWER_SECONDS_MAX, trust_env=False)
    desk = Bearer(subject="dashboard", tenant=settings.tenant, role="analyst")
    return HttpGateway(client, lambda: make_token(settings, desk, datetime.now(UTC)))


if __name__ == "__main__":
    live.draw(gateway())
