"""Who may do what: the only place with a permission rule.

`check_*` looks at a seat and raises. `access_*` fetches and checks: it returns the
object or raises. A room that you may not see raises what a missing one raises, so the
two cannot be told apart.
"""
