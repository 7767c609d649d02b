"""Settings: frozen, typed, read once by an entry point from `WATCHKEEPER_…` in the environment."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


class Settings(BaseSettings):
    """What a process needs to know; the embedded stack sets all of it, production your platform."""

    model_config = SettingsConfigDict(
        env_prefix="WATCHKEEPER_",
        frozen=True,
        extra="ignore",
        secrets_dir=None,
        hide_input_in_errors=True,  # It may be a secret.
    )

    kafka: str = Field(description="bootstrap servers, host:port[,host:port]")
    postgres: SecretStr = Field(description="libpq connection string of this process's role")
    redis: SecretStr = Field(description="redis://[:password@]host:port/db")
    data: Path = Field(description="folder for the archive, recovery stores and state")
    jwt_secret: SecretStr = Field(min_length=32, description="HS256 secret, at least 32 bytes")
    audit_secret: SecretStr = Field(
        default=SecretStr(""), description="the sealer's secret, of which its keys are made"
    )
    audit_checkpoints_url: SecretStr = Field(
        default=SecretStr(""), description="where checkpoints go too: s3://bucket/folder"
    )
    jwt_issuer: str = "watchkeeper"
    jwt_audience: str = "watchkeeper-api"
    tenant: str = Field(
        default="demo", description="tenant of development tokens and the simulator"
    )
    cells: int = Field(default=1, ge=1, le=64, description="partitions of the log")
    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8000, description="port of the HTTP API")
    api_drain_seconds: float = Field(
        default=0.0, ge=0, description="/readyz says 503 for so long before the API stops"
    )
    dashboard_port: int = Field(default=8501, description="port of the analysts' desk")
    metrics_port: int = Field(default=0, description="port of this process's /metrics; 0: none")
    metrics_host: str = Field(default="127.0.0.1", description="where /metrics is to be seen from")
    processes: dict[str, str] = Field(
        default={}, description="address of the metrics of each process, for the live page"
    )
    scoring_workers: int = Field(default=1, ge=1, le=16)
    scoring_shards: int = Field(default=1, ge=1, le=64)
    epoch_seconds: int = Field(default=20, ge=1, description="between two snapshots of a flow")
    warming_share: float = Field(
        default=0.5, gt=0, le=1, description="of a processor, for filling new features"
    )
    archive_seconds: float = Field(default=5.0, gt=0, description="longest wait before an append")
    hold_hours: int = Field(default=168, ge=1, description="after which an open hold expires")
    log_level: str = "info"

    @property
    def archive(self) -> Path:
        """The folder of the Delta table of decided transactions."""
        return self.data / "archive" / "transactions"

    @property
    def audit(self) -> Path:
        """The folder of the audit chain's signed checkpoints."""
        return self.data / "audit"

    @property
    def recovery(self) -> Path:
        """The folder that holds each flow's recovery store."""
        return self.data / "recovery"
