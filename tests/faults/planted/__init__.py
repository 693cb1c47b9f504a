"""A Django application of the tests: puts faults into a served process as it starts.

Only tests/faults/settings.py names it, so no other process can have it. `HUBBUB_BUG`
plants a bug, `HUBBUB_FAILPOINT` kills the process at a place of the code,
`HUBBUB_CLOCK` turns its clock, `HUBBUB_WITNESS` adds a follower of the log.
"""
