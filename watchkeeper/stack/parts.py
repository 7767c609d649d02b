"""The parts of a stack: servers, steps and processes, and what each of them waits for."""

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from runtime import migrations
from watchkeeper.errors import Failure
from watchkeeper.stack import rights
from watchkeeper.stack.board import Board, Stage
from watchkeeper.stack.descriptor import Descriptor
from watchkeeper.stack.memory import Memory
from watchkeeper.stack.processes import PROCESSES
from watchkeeper.stack.servers import jars, kafka, postgres, valkey
from watchkeeper.stack.servers.program import Program
from watchkeeper.stack.shipped_rules import publish_shipped_rules
from watchkeeper.stack.topics import make_topics

SERVERS = ("kafka", "postgres", "valkey")
STEPS = {"topics": ("kafka",), "schema": ("postgres",), "rules": ("topics", "schema")}
AFTER = STEPS | {process.name: process.after for process in PROCESSES}
_ADDRESS_OPTIONS = {"kafka": "--kafka", "postgres": "--postgres", "valkey": "--redis"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A program to be kept running, or else an act to be done once, when others are ready."""

    name: str
    after: tuple[str, ...] = ()
    program: Program | None = None
    act: Callable[[], object] = lambda: None


def build(descriptor: Descriptor, memory: Memory, board: Board) -> list[Part]:
    """Prepare the servers, all at once, and list every part in the order of start."""
    programs = _prepare(descriptor, memory, board)
    asks = probes(descriptor)
    servers = [
        Part(name=name, program=programs[name])
        if name in programs
        else Part(name=name, act=partial(_check_foreign, name, asks[name]))
        for name in SERVERS
    ]
    acts: dict[str, Callable[[], object]] = {
        "topics": partial(_make_topics, descriptor),
        "schema": partial(_make_schema, descriptor, memory),
        "rules": partial(_publish_rules, descriptor),
    }
    steps = [Part(name=name, after=STEPS[name], act=act) for name, act in acts.items()]
    return [*servers, *steps, *_processes(descriptor)]


def probes(descriptor: Descriptor) -> dict[str, Callable[[], bool]]:
    """How to ask each server and each process of a stack whether it is well."""
    servers: dict[str, Callable[[], bool]] = {
        "kafka": partial(kafka.is_ready, descriptor.kafka),
        "postgres": partial(postgres.is_ready, descriptor.postgres),
        "valkey": partial(valkey.is_ready, descriptor.redis),
    }
    ours = {part.name: part.program.is_ready for part in _processes(descriptor) if part.program}
    return servers | ours


def _prepare(descriptor: Descriptor, memory: Memory, board: Board) -> Mapping[str, Program]:
    ways: dict[str, Callable[[], Program]] = {
        "kafka": partial(_prepare_kafka, descriptor, board),
        "postgres": partial(_prepare_postgres, descriptor, memory),
        "valkey": partial(_prepare_valkey, descriptor, memory),
    }
    with ThreadPoolExecutor(len(ways)) as pool:
        futures = {}
        for name in SERVERS:
            if name in descriptor.processes:
                board.write(name, Stage.PREPARING)
                futures[name] = pool.submit(ways[name])
        return {name: future.result() for name, future in futures.items()}


def _prepare_kafka(descriptor: Descriptor, board: Board) -> Program:
    def tell(done: int, wanted: int) -> None:
        board.write("kafka", Stage.PREPARING, f"jar {done} of {wanted}")

    ports = descriptor.ports
    found = jars.fetch(progress=tell if jars.missing() else lambda _done, _all: None)
    return kafka.prepare(
        descriptor.folder.data / "kafka", ports["kafka"], ports["kafka-controller"], found
    )


def _prepare_postgres(descriptor: Descriptor, memory: Memory) -> Program:
    folder = descriptor.folder.data / "postgres"
    return postgres.prepare(folder, descriptor.ports["postgres"], memory.postgres_password)


def _prepare_valkey(descriptor: Descriptor, memory: Memory) -> Program:
    folder = descriptor.folder.data / "valkey"
    return valkey.prepare(folder, descriptor.ports["valkey"], memory.valkey_password)


def _check_foreign(name: str, is_ready: Callable[[], bool]) -> None:
    if not is_ready():
        option = _ADDRESS_OPTIONS[name]
        raise Failure(
            f"{name} does not answer at the address given with {option}.",
            f"Check that it runs, and its address and password, or leave {option} out.",
        )


def _make_topics(descriptor: Descriptor) -> None:
    make_topics(descriptor.kafka, cells=descriptor.cells)


def _make_schema(descriptor: Descriptor, memory: Memory) -> None:
    if "postgres" in descriptor.processes:
        postgres.make_database(descriptor.ports["postgres"], memory.postgres_password)
    migrations.upgrade(descriptor.postgres)
    if "postgres" in descriptor.processes:
        rights.give(descriptor.postgres, rights.passwords(memory.postgres_password))


def _publish_rules(descriptor: Descriptor) -> None:
    publish_shipped_rules(
        descriptor.kafka, descriptor.postgres, descriptor.cells, descriptor.started_at
    )


def _processes(descriptor: Descriptor) -> list[Part]:
    wanted = [process for process in PROCESSES if process.name in descriptor.processes]
    left_out = {process.name for process in PROCESSES} - {process.name for process in wanted}
    return [
        Part(
            name=process.name,
            after=tuple(name for name in process.after if name not in left_out),
            program=process.program(descriptor),
        )
        for process in wanted
    ]
