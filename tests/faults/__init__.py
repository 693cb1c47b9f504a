"""Faults: real processes are killed, cut and frozen while simulated clients watch.

`client` follows docs/protocol.md and writes a history; `checker` reads the histories
and the database and counts what may never happen; `scenarios` do the harm.
"""
