"""MLflow's scoring protocol, without HTTP: bodies of requests to parts, answers to bytes.

https://mlflow.org/docs/latest/ml/deployment/deploy-model-locally/#inference-server-specification, and what
mlflow.pyfunc.scoring_server does.
"""
