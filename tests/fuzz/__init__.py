"""Fuzzing: the described API by its own description, every surface byte by byte, and files. `make fuzz` runs all of it.

What counts as a finding stands in `oracle`, what is sent in `surfaces`, `files` and `described`; the application runs in this
process behind the events that API Gateway makes, over moto.
"""
