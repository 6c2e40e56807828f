"""Predictions for requests: what they ask for, batched across requests, without HTTP."""
