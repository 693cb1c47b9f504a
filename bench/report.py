"""The table of all rounds: medians with their spread, the goal, whether it was met."""

import statistics
from collections.abc import Iterator, Sequence

from bench.goals import GOALS, NAMES, Goal, Rounds

_WIDTHS = (48, 30, 6, 25, 25, 25, 25)


def table(rounds: Rounds) -> list[list[str]]:
    """The head, and a row for each goal whose scenario was measured."""
    head = ["medians (lowest-highest)", "goal", "met", *NAMES.values()]
    return [head, *(_row(goal, rounds) for goal in GOALS if goal.scenario in rounds)]


def as_text(rounds: Rounds) -> str:
    lines = [
        "".join(f"{cell:<{w}}" for cell, w in zip(row, _WIDTHS, strict=True)).rstrip()
        for row in table(rounds)
    ]
    return "\n".join([*lines, *remarks(rounds)])


def as_markdown(rows: Sequence[Sequence[str]]) -> str:
    head, *rest = ["| " + " | ".join(row) + " |" for row in rows]
    return "\n".join([head, "|" + "---|" * len(rows[0]), *rest])


def _row(goal: Goal, rounds: Rounds) -> list[str]:
    met = {True: "yes", False: "no", None: ""}[goal.is_met(rounds)]
    cells = [_cell(goal.samples(rounds, server), goal.digits) for server in NAMES]
    return [goal.label, goal.told(), met, *cells]


def _cell(samples: Sequence[float], digits: int) -> str:
    if not samples:
        return ""
    median = f"{statistics.median(samples):,.{digits}f}"
    if len(samples) == 1:
        return median
    return f"{median} ({min(samples):,.{digits}f}-{max(samples):,.{digits}f})"


def remarks(rounds: Rounds) -> Iterator[str]:
    """Lost sockets and messages, which make the figures of that server worth less."""
    for scenario, servers in rounds.items():
        for server, figures in servers.items():
            failed = sum(f.get("failed", 0) + f.get("closed", 0) for f in figures)
            due = sum(f.get("expected", 0) for f in figures)
            arrived = sum(f.get("delivered", 0) for f in figures)
            if failed or arrived < due:
                yield (
                    f"{scenario}, {NAMES[server]}: {failed:.0f} sockets lost, "
                    f"{arrived / max(due, 1):.1%} delivered in time"
                )
