"""Training data and training logs through Kafka.

`mlsql_sdk.kafka_data` is the reading side; what stands in a topic is told in `mlsql_sdk.kafka_settings`.
"""
