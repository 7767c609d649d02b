"""What every process needs from its surroundings: settings, logs, Kafka, Postgres, Redis."""
