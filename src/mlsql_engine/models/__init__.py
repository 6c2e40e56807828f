"""The folders that train statements name: versions, manifests, atomically published."""
