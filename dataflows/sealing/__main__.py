"""`python -m dataflows.sealing`: seal until SIGTERM; what fails ends the process."""

import sys
import time
from datetime import UTC, datetime

from dataflows.sealing.process import ELSEWHERE_SECONDS, Leaving, Sealer, run
from runtime import metrics
from runtime.audit import places
from runtime.audit.checkpoints import Keys
from runtime.consumer import stop_on_signals
from runtime.settings import Settings

SECRET_CHARACTERS_MIN = 32


def elsewhere(url: str) -> Leaving | None:
    """Where checkpoints go beside the file, if anywhere."""
    return Leaving(places.elsewhere(url), ELSEWHERE_SECONDS) if url else None


def main() -> int:
    """Read settings and clocks, and run."""
    settings = Settings()
    secret = settings.audit_secret.get_secret_value()
    if len(secret) < SECRET_CHARACTERS_MIN:
        sys.stderr.write(
            f"WATCHKEEPER_AUDIT_SECRET has {len(secret)} characters: the sealer needs a secret of "
            f"at least {SECRET_CHARACTERS_MIN}. Make one with `openssl rand -hex 32`, and keep it: "
            "the chain can only be verified with the secret that sealed it.\n"
        )
        return 1
    try:
        leaving = elsewhere(settings.audit_checkpoints_url.get_secret_value())
    except ValueError as error:
        sys.stderr.write(
            f"WATCHKEEPER_AUDIT_CHECKPOINTS_URL names no place: {error}. "
            "Give s3://bucket/folder or file:///folder, or nothing.\n"
        )
        return 1
    metrics.serve(settings.metrics_port, settings.metrics_host)
    sealer = Sealer(
        dsn=settings.postgres.get_secret_value(),
        keys=Keys.of(secret),
        folder=settings.audit,
        now=lambda: datetime.now(UTC),
        clock=time.monotonic,
        elsewhere=leaving,
    )
    run(sealer, stop_on_signals())
    return 0


if __name__ == "__main__":
    sys.exit(main())
