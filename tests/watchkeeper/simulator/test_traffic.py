from collections import Counter
from itertools import pairwise

import polars as pl
import pytest

from data_contracts import door
from data_contracts.transaction import TransactionRequest
from watchkeeper import json_columns
from watchkeeper.errors import Failure
from watchkeeper.simulator.campaigns import CAMPAIGNS, chosen
from watchkeeper.simulator.traffic import Plan, Traffic
from watchkeeper.simulator.world import World, build_world

START_MS = 1_772_452_800_000  # A Monday at noon in UTC.
ALL = tuple(CAMPAIGNS)


@pytest.fixture(scope="module")
def world() -> World:
    return build_world(7, 5_000)


def a_plan(**changes: object) -> Plan:
    plan = {"seed": 7, "start_ms": START_MS, "per_second": 100.0, "seconds": 60.0, "fraud": ALL}
    return Plan(**(plan | changes))  # type: ignore[arg-type]  # any field of the plan


def body(world: World, plan: Plan) -> bytes:
    chunks = list(Traffic(world, plan).chunks())
    return b"".join(json_columns.body(chunk.rows) for chunk in chunks)


def requests(world: World, plan: Plan) -> list[TransactionRequest]:
    items = [
        item
        for chunk in Traffic(world, plan).chunks()
        for part, _ in json_columns.bodies(chunk.rows, 1_000)
        for item in door.parse_batch(part)
    ]
    assert all(isinstance(item, TransactionRequest) for item in items)
    return [item for item in items if isinstance(item, TransactionRequest)]


def test_the_same_seed_and_start_give_the_same_bytes(world: World) -> None:
    assert body(world, a_plan()) == body(build_world(7, 5_000), a_plan())


def test_another_seed_or_start_gives_other_ids(world: World) -> None:
    plans = [a_plan(seconds=3.0, fraud=()), a_plan(seconds=3.0, fraud=(), start_ms=START_MS + 1)]
    plans.append(a_plan(seconds=3.0, fraud=(), seed=8))
    ids = [item.transaction_id for plan in plans for item in requests(world, plan)]
    assert len(set(ids)) == len(ids) == 900


def test_every_request_passes_the_door_by_its_quick_way(world: World) -> None:
    for chunk in Traffic(world, a_plan()).chunks():
        for row in chunk.rows:
            assert door._is_plain(row.encode()), row
    assert len(requests(world, a_plan())) == 6_000


def test_every_typology_is_planted_and_labelled(world: World) -> None:
    labels = Traffic(world, a_plan()).labels()
    assert {label.typology for label in labels} == set(ALL)
    ids = [label.transaction_id for label in labels]
    assert len(set(ids)) == len(ids)
    assert set(ids) <= {item.transaction_id for item in requests(world, a_plan())}


def test_a_long_run_plants_every_attack_once_a_minute(world: World) -> None:
    labels = Traffic(world, a_plan(seconds=180.0, fraud=("velocity",))).labels()
    assert {label.campaign for label in labels} == {"velocity-1", "velocity-2", "velocity-3"}


def test_no_field_tells_an_attack_from_the_rest(world: World) -> None:
    """Names and texts are of the same forms: only what is done differs."""
    traffic = Traffic(world, a_plan())
    planted = {label.transaction_id for label in traffic.labels()}
    forms: dict[bool, set[str]] = {True: set(), False: set()}
    for item in requests(world, a_plan()):
        texts = (item.transaction_id, item.account_id, item.device_id, item.card_token)
        others = (item.merchant_id, item.terminal_id, item.counterparty_id, item.description)
        forms[item.transaction_id in planted] |= {form(text) for text in (*texts, *others) if text}
    assert forms[True] <= forms[False]


def form(text: str) -> str:
    return "".join("9" if character.isdigit() else character for character in text)


def test_two_runs_in_one_world_have_other_attackers(world: World) -> None:
    devices = []
    for start_ms in (START_MS, START_MS + 60_000):
        traffic = Traffic(world, a_plan(start_ms=start_ms, fraud=("account-takeover",)))
        planted = {label.transaction_id for label in traffic.labels()}
        items = requests(world, traffic.plan)
        devices.append({item.device_id for item in items if item.transaction_id in planted})
    assert not devices[0] & devices[1]


def test_people_of_an_attack_stay_out_of_the_crowd(world: World) -> None:
    """So an attack's past never comes after its customer's present."""
    latest: dict[str, int] = {}
    for item in requests(world, a_plan()):
        at = round(item.occurred_at.timestamp() * 1_000)
        assert at > latest.get(item.account_id, 0) - 24 * 3_600_000, item
        latest[item.account_id] = max(at, latest.get(item.account_id, 0))


def test_the_rate_is_even_and_time_goes_with_it(world: World) -> None:
    chunks = list(Traffic(world, a_plan(fraud=())).chunks())
    due = pl.concat([pl.Series(chunk.due_ms) for chunk in chunks]).to_list()
    assert {later - earlier for earlier, later in pairwise(due)} == {10}
    for item, moment in zip(requests(world, a_plan(fraud=())), due, strict=True):
        late = START_MS + moment - round(item.occurred_at.timestamp() * 1_000)
        assert 0 <= late <= 2_000


def test_honest_traffic_looks_like_a_retail_bank(world: World) -> None:
    items = requests(world, a_plan(fraud=()))
    kinds = Counter(str(item.type) for item in items)
    shares = {kind: count / len(items) for kind, count in kinds.items()}
    assert 0.55 < shares["card_payment"] < 0.85
    assert 0.10 < shares["transfer"] < 0.30
    assert 0.02 < shares["cash_out"] < 0.08
    assert 0.001 < shares["refund"] < 0.03
    assert {str(item.channel) for item in items} == {
        *("card", "online", "mobile", "atm", "branch", "api")
    }
    assert {item.currency for item in items} == {"EUR"}


def test_nights_are_quiet_in_the_shops(world: World) -> None:
    night = requests(world, a_plan(fraud=(), start_ms=START_MS - 9 * 3_600_000))
    day = requests(world, a_plan(fraud=()))
    in_shops = [sum(item.channel == "card" for item in items) for items in (night, day)]
    assert in_shops[0] < 0.6 * in_shops[1]


def test_a_refund_gives_back_what_was_paid(world: World) -> None:
    items = requests(world, a_plan(fraud=()))
    paid = {item.transaction_id: item for item in items}
    refunds = [item for item in items if item.type == "refund"]
    for refund in refunds:
        original = paid[str(refund.original_transaction_id)]
        assert (original.account_id, original.amount_minor) == (
            refund.account_id,
            refund.amount_minor,
        )
        assert refund.direction == "credit"
    assert refunds


def test_attacks_that_do_not_fit_are_refused_with_the_mend(world: World) -> None:
    with pytest.raises(Failure, match="do not hold") as caught:
        Traffic(world, a_plan(per_second=1.0))
    assert "--tps" in caught.value.mend


def test_attacks_are_chosen_by_name() -> None:
    assert chosen("none") == ()
    assert chosen("all") == ALL
    assert chosen("velocity, card-testing") == ("card-testing", "velocity")
    with pytest.raises(Failure, match='no attack "card-tasting"') as caught:
        chosen("card-tasting")
    assert "card-testing" in caught.value.mend


def test_a_world_has_room_for_its_people() -> None:
    with pytest.raises(Failure, match="cannot be made"):
        build_world(1, 10)
