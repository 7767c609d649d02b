"""Ports: free ones, below those that the system gives to outgoing connections.

A client that tries to reach a restarting server could be given that server's own port for its end
of the connection, and so keep it: therefore none of the ephemeral range.
"""

import socket
from collections.abc import Iterable
from random import Random

FIRST, LAST = 20_000, 32_000


def is_free(port: int) -> bool:
    """Whether a server could listen there now."""
    with socket.socket() as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(taken: Iterable[int] = ()) -> int:
    """A port where nothing listens, and which is not among `taken`."""
    avoided, dice = frozenset(taken), Random()  # noqa: S311  (not a secret)
    while True:
        port = dice.randrange(FIRST, LAST)
        if port not in avoided and is_free(port):
            return port
