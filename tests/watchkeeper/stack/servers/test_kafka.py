"""What Kafka's own tools take."""

from base64 import urlsafe_b64decode

from watchkeeper.stack.servers.kafka import cluster_id


def test_no_cluster_id_looks_like_an_option() -> None:
    ids = {cluster_id() for _ in range(1_000)}

    assert len(ids) == 1_000
    assert all(found[0].isalpha() for found in ids)
    assert all(len(urlsafe_b64decode(found + "==")) == 16 for found in ids)
