"""PostgreSQL's own account of how it executed a query."""

import json
from collections.abc import Iterator
from typing import Any

from django.db import connection

Plan = dict[str, Any]

_ROWS = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")


def explain(sql: str, *, analyze: bool = True) -> Plan:
    """The plan of a complete statement, such as Django's log has."""
    options = "FORMAT JSON, ANALYZE" if analyze else "FORMAT JSON"
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN ({options}) {sql}")
        [(plan,)] = cursor.fetchall()
    parsed = plan if isinstance(plan, list) else json.loads(plan)
    return dict(parsed[0]["Plan"])


def nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def rows_read(plan: Plan) -> int:
    """The rows read from tables, with those that a condition then dropped."""
    return sum(
        round(node["Actual Loops"] * sum(node.get(name, 0) for name in _ROWS))
        for node in nodes(plan)
        if "Relation Name" in node
    )
