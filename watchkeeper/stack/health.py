"""Whether a server is well, asked over the network and bounded in time."""

from http.client import HTTPConnection, HTTPException, HTTPResponse

PROBE_SECONDS_MAX = 3.0
WELL = 200


def answers(port: int, path: str) -> bool:
    """Whether `GET path` on this machine gets a 200."""
    connection = HTTPConnection("127.0.0.1", port, timeout=PROBE_SECONDS_MAX)
    try:
        connection.request("GET", path)
        response: HTTPResponse = connection.getresponse()
    except (OSError, HTTPException):
        return False
    else:
        return response.status == WELL
    finally:
        connection.close()
