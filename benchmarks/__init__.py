"""Measurements, side by side in one run, as ratios: `python -m benchmarks` (`make bench`).

Each module measures one thing and returns rows; nothing here is imported by the system itself.
"""
