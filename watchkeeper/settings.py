"""What the command line takes from its surroundings."""

import os
from pathlib import Path

DATA_VARIABLE = "WATCHKEEPER_DATA"
DATA_DEFAULT = ".watchkeeper"
_OF_ANOTHER_SERVER = ("PG", "KAFKA_", "JAVA_TOOL_OPTIONS", "CLASSPATH")


def data_folder(given: Path | None) -> Path:
    """The folder of the stack: as given, or `$WATCHKEEPER_DATA`, or `.watchkeeper` here."""
    return (given or Path(os.environ.get(DATA_VARIABLE, DATA_DEFAULT))).absolute()


def inherited_environment() -> dict[str, str]:
    """Our environment without what would lead a server of ours astray."""
    return {
        name: value for name, value in os.environ.items() if not name.startswith(_OF_ANOTHER_SERVER)
    }
