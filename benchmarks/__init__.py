"""Speed against the bare libraries: `python -m benchmarks`, see `__main__`."""
