"""What a process of the stack says of itself."""

import httpx

from watchkeeper.stack.descriptor import Descriptor

SECONDS_MAX = 3.0


def metrics_of(descriptor: Descriptor, process: str) -> str | None:
    """Its metrics in Prometheus' text form, or None where it shows none or does not answer."""
    address = descriptor.metrics().get(process)
    if address is None:
        return None
    try:
        # Not by way of a proxy: it stands beside us, whatever the environment says.
        with httpx.Client(timeout=SECONDS_MAX, trust_env=False) as client:
            return client.get(address).raise_for_status().text
    except httpx.HTTPError:
        return None
