"""The Open Inference Protocol, version 2, without HTTP: bytes of requests to parts, answers to bytes.

https://github.com/kserve/open-inference-protocol/blob/main/specification/protocol/inference_rest.md
https://github.com/triton-inference-server/server/blob/main/docs/protocol/extension_binary_data.md
"""
