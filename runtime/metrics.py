"""Where a process shows its numbers."""

from prometheus_client import start_http_server

HOST = "127.0.0.1"


def serve(port: int, host: str = HOST) -> None:
    """Answer `/metrics` from a thread of its own; port 0 shows nothing."""
    if port:
        start_http_server(port, host)
