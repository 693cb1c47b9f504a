"""Wire shapes, the same for both doors, and the one builder of each.

A builder makes no query: what it needs was loaded by a query or by the log. Nothing in
a shape depends on who receives it, except where its docstring says so.
"""
