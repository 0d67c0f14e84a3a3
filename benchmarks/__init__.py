"""Benchmarks of symnet, run as `python -m benchmarks`; `--smoke` only tries that everything works."""
