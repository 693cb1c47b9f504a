"""What PostgreSQL did for a query, as it tells it itself."""

import json
from collections.abc import Iterator
from typing import Any

from django.db import connection

Plan = dict[str, Any]

_ROWS = ("Actual Rows", "Rows Removed by Filter", "Rows Removed by Index Recheck")


def explain(sql: str, *, analyze: bool = True) -> Plan:
    """The plan of a statement that is complete, as Django's log has it."""
    options = "FORMAT JSON, ANALYZE" if analyze else "FORMAT JSON"
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN ({options}) {sql}")
        [(found,)] = cursor.fetchall()
    parsed = found if isinstance(found, list) else json.loads(found)
    return dict(parsed[0]["Plan"])


def nodes(plan: Plan) -> Iterator[Plan]:
    yield plan
    for part in plan.get("Plans", []):
        yield from nodes(part)


def rows_read(plan: Plan) -> int:
    """Of tables, also those that a condition then threw away."""
    return sum(
        round(node["Actual Loops"] * sum(node.get(name, 0) for name in _ROWS))
        for node in nodes(plan)
        if "Relation Name" in node
    )
