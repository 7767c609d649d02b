"""The application: routes, guard, envelope and answers, made of the services it is given."""

from collections.abc import Callable, Iterable
from contextlib import AbstractAsyncContextManager

from fastapi import FastAPI
from fastapi.routing import APIRoute
from starlette.routing import BaseRoute, Route

from api import history, lists, publications, reading, rule_sets, upkeep, watching
from api.answers import answer_refusals
from api.bodies import BATCH_BYTES_MAX, SINGLE_BYTES_MAX
from api.documents import PROBLEM_ANSWERS, document
from api.envelope import Envelope
from api.guard import Admitted, BodyRoute, Guard, Handle
from api.lists import Lists
from api.permissions import Action
from api.publications import Publisher
from api.registration import Registration
from api.rule_sets import BODY_BYTES_MAX, RuleSets
from api.services import Services
from api.submission import Submission

PUBLIC = frozenset({"/healthz", "/readyz", "/metrics", "/problems/{code}", "/openapi.json"})

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def create_app(services: Services, lifespan: Lifespan | None = None) -> FastAPI:
    """The whole API on these services; nothing is opened before `lifespan` begins."""
    app = FastAPI(
        title="Watchkeeper",
        version="1",
        summary="Send transactions, and learn what was decided on them and why.",
        lifespan=lifespan,
        docs_url=None,  # Its pages come from a foreign host.
        redoc_url=None,
        redirect_slashes=False,
        responses=PROBLEM_ANSWERS,
    )
    guard = Guard(services.authenticator, services.reads, services.clock)
    app.router.routes.extend(_body_routes(services, guard))
    reading.add_routes(app, services, guard)
    for room in (history, watching, rule_sets, publications, lists):
        room.add_routes(app, services, guard)
    upkeep.add_routes(app, services)
    answer_refusals(app, services.metrics)
    app.add_middleware(Envelope, metrics=services.metrics)
    document(app)
    refuse_unguarded(app.routes)
    return app


def _body_routes(services: Services, guard: Guard) -> Iterable[Route]:
    submission, registration = Submission(services), Registration(services)
    submit, register = Action.SUBMIT_TRANSACTIONS, Action.REGISTER_ACCOUNT

    def route(method: str, action: Action, path: str, bytes_max: int, handle: Handle) -> Route:
        endpoint = BodyRoute(path, guard, action, bytes_max, services.room, handle)
        return Route(path, endpoint, methods=[method])

    yield route("POST", submit, "/v1/transactions:batch", BATCH_BYTES_MAX, submission.batch)
    yield route("POST", submit, "/v1/transactions", SINGLE_BYTES_MAX, submission.one)
    path = "/v1/accounts/{account_id}"
    yield route("PUT", register, path, SINGLE_BYTES_MAX, registration.account)
    for path, action, bytes_max, handle in _changing_decisions(services):
        yield route("POST", action, path, bytes_max, handle)


def _changing_decisions(services: Services) -> Iterable[tuple[str, Action, int, Handle]]:
    sets, publisher, changing = RuleSets(services), Publisher(services), Lists(services)
    small = SINGLE_BYTES_MAX
    yield "/v1/rule-sets", Action.PROPOSE_RULES, BODY_BYTES_MAX, sets.propose
    yield "/v1/rule-sets/{rule_set}/approvals", Action.APPROVE_RULES, small, sets.approve
    yield "/v1/publications", Action.PUBLISH_RULES, small, publisher.publish
    yield "/v1/rules/{rule_id}/resets", Action.RESET_RULE, small, publisher.reset
    yield "/v1/lists/{list_id}/entries", Action.CHANGE_LIST, small, changing.add
    yield "/v1/lists/{list_id}/removals", Action.CHANGE_LIST, small, changing.remove


def action_of(route: BaseRoute) -> Action | None:
    """The action that a route names; None where it names none."""
    if isinstance(route, APIRoute):
        calls = [dependency.call for dependency in route.dependant.dependencies]
        actions = [call.action for call in calls if isinstance(call, Admitted)]
        return actions[0] if len(actions) == 1 else None
    if isinstance(route, Route) and isinstance(route.endpoint, BodyRoute):
        return route.endpoint.action
    return None


def refuse_unguarded(routes: Iterable[BaseRoute]) -> None:
    """Do not start with a route that anybody could use by oversight."""
    for route in routes:
        path = getattr(route, "path", "")
        if path not in PUBLIC and action_of(route) is None:
            raise ValueError(f"the route {path} names no action, and is not public")
