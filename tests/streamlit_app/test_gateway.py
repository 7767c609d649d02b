import httpx
import pytest

from streamlit_app.gateway import ApiAway, HttpGateway


def a_gateway(status: int, content: bytes) -> HttpGateway:
    answers = httpx.MockTransport(lambda _request: httpx.Response(status, content=content))
    return HttpGateway(httpx.Client(transport=answers, base_url="http://api"), lambda: "token")


@pytest.mark.parametrize(
    ("status", "content"), [(503, b"{}"), (200, b"{}"), (200, b"no json"), (401, b"")]
)
def test_any_other_answer_than_agreed_means_that_the_api_is_away(
    status: int, content: bytes
) -> None:
    with pytest.raises(ApiAway):
        a_gateway(status, content).snapshot()
    with pytest.raises(ApiAway):
        a_gateway(status, content).latest_alerts(5)


def test_the_alerts_are_read_from_their_envelope() -> None:
    assert a_gateway(200, b'{"alerts":[]}').latest_alerts(5) == []
