"""Real servers out of wheels and jars: Apache Kafka, PostgreSQL, Valkey."""
