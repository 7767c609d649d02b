"""What a stack leaves in its data folder, for commands that are run without one."""

from pathlib import Path
from typing import Any

from tests.factories import NOON
from watchkeeper.stack.descriptor import Descriptor, save


def describe_a_stack(data: Path, **changes: Any) -> None:  # noqa: ANN401  (fields of any type)
    """Write down a stack of which no server answers, unless the changes name one."""
    data.mkdir(parents=True, exist_ok=True)
    defaults: dict[str, Any] = {
        "data": str(data),
        "kafka": "127.0.0.1:1",
        "postgres": "postgresql://127.0.0.1:1/x",
        "redis": "redis://127.0.0.1:1",
        "jwt_secret": "x" * 32,
        "ports": {},
        "processes": (),
        "supervisor_socket": "",
        "started_at": NOON,
    }
    save(Descriptor(**(defaults | changes)))
