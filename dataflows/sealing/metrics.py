"""The numbers of sealing."""

from prometheus_client import Counter, Gauge

SEALED = Counter("watchkeeper_audit_sealed_total", "Records added to the audit chain.")
CHECKPOINTS = Counter("watchkeeper_audit_checkpoints_total", "Signed checkpoints written.")
COUNT = Gauge("watchkeeper_audit_records", "Records in the audit chain.")
FAILED = Counter(
    "watchkeeper_audit_checkpoints_failed_total", "Signed checkpoints that could not be written."
)
