"""The application as a whole: each route is guarded, and each role gets what the table says."""

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute
from starlette.routing import Route

from api.app import PUBLIC, action_of, create_app, refuse_unguarded
from api.permissions import ALLOWED, Action, Role
from rules.rule_set import pack
from tests.api.house import REQUEST, House, a_batch, a_body, bearer
from tests.rules.rule_sets import a_rule_set

BODIES = {
    "/v1/transactions": a_body(),
    "/v1/transactions:batch": a_batch(a_body()),
    "/v1/accounts/{account_id}": b'{"currency":"EUR"}',
    "/v1/rule-sets": json.dumps(
        {"document": base64.b64encode(pack(a_rule_set())).decode()}
    ).encode(),
    "/v1/rule-sets/{rule_set}/approvals": b"{}",
    "/v1/publications": b'{"rule_set":"abc"}',
    "/v1/rules/{rule_id}/resets": b'{"reason":"mended"}',
    "/v1/lists/{list_id}/entries": b'{"value":"acc-1","reason":"stolen"}',
    "/v1/lists/{list_id}/removals": b'{"value":"acc-1","reason":"found"}',
}
NAMES = dict.fromkeys(("transaction_id", "account_id", "rule_set", "rule_id", "list_id"), "name-1")


def guarded() -> Iterator[tuple[str, str, Action]]:
    app = create_app(House().services)
    for route in app.routes:
        assert isinstance(route, Route | APIRoute)
        action = action_of(route)
        if route.path not in PUBLIC:
            assert action is not None
            yield from ((method, route.path, action) for method in sorted(route.methods or ()))


GUARDED = list(guarded())


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize(("method", "path", "action"), GUARDED)
def test_each_role_gets_what_the_table_says(
    house: House, method: str, path: str, action: Action, role: Role
) -> None:
    answer = house.client.request(
        method,
        path.format(**NAMES),
        content=BODIES.get(path),
        headers=bearer(role=role, branch="north"),
    )
    is_forbidden = answer.status_code == 403
    assert is_forbidden == (role not in ALLOWED[action])
    assert answer.status_code in {200, 201, 202, 403, 404, 409}


@pytest.mark.parametrize(("method", "path"), [(method, path) for method, path, _ in GUARDED])
def test_nobody_comes_in_without_a_token(house: House, method: str, path: str) -> None:
    answer = house.client.request(
        method, path, content=BODIES.get(path), headers={"content-type": "application/json"}
    )
    assert answer.status_code == 401
    assert answer.json()["code"] == "token-missing"
    assert not house.written()


def test_a_route_without_an_action_does_not_start(house: House) -> None:
    app = create_app(house.services)
    app.add_api_route("/v1/open", lambda: None)
    with pytest.raises(ValueError, match="/v1/open"):
        refuse_unguarded(app.routes)


def test_what_is_public_is_public(house: House) -> None:
    for path in PUBLIC:
        assert house.client.get(path.format(code="currency")).status_code == 200


def references(value: Any) -> Iterator[str]:  # noqa: ANN401  (JSON)
    if isinstance(value, dict):
        for name, inner in value.items():
            if name == "$ref":
                yield inner
            else:
                yield from references(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from references(inner)


def test_the_document_shows_every_guarded_route_and_all_that_it_refers_to(house: House) -> None:
    document = house.client.get("/openapi.json").json()
    for method, path, _ in GUARDED:
        operation = document["paths"][path][method.lower()]
        assert operation["security"] == [{"bearer": []}]
        assert operation["responses"]["401"]["content"]["application/problem+json"]
    for reference in references(document):
        kind, name = reference.removeprefix("#/components/").split("/")
        assert name in document["components"][kind]


def test_the_document_shows_the_struct_that_is_read(house: House) -> None:
    schemas = house.client.get("/openapi.json").json()["components"]["schemas"]
    shown = schemas["TransactionRequest"]
    assert set(REQUEST) <= set(shown["properties"])
    assert shown["properties"]["amount_minor"]["maximum"] == 10**12
    assert shown["additionalProperties"] is False


def test_the_document_loads_nothing_from_elsewhere(house: House) -> None:
    assert house.client.get("/docs").status_code == 404
    assert "http" not in json.dumps(house.client.get("/openapi.json").json()["paths"])
