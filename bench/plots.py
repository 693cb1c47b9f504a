"""The plots of a run, as PNG files."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.figure import Figure

from bench.goals import GOALS, NAMES, Goal, Rounds
from bench.growth import BOUND
from bench.results import Growth, Results

_COLORS = {
    "hubbub": "#2a6fdb",
    "socketio": "#8a8a8a",
    "plain_drf": "#b39b6b",
    "naive": "#c8c8c8",
}
_COLUMNS = 3


def draw_plots(folder: Path, results: Results) -> list[Path]:
    """Draw what was measured. Returns the files."""
    folder.mkdir(parents=True, exist_ok=True)
    sockets = [goal for goal in GOALS if goal.scenario not in ("rest", "unread")]
    rest = [goal for goal in GOALS if goal.scenario == "rest"]
    drawings = {
        "performance-sockets": _bars(sockets, results.rounds),
        "performance-rest": _bars(rest, results.rounds),
        "performance-growth": _curves(results.growth),
    }
    files = []
    for name, figure in drawings.items():
        if figure is not None:
            files.append(folder / f"{name}.png")
            figure.savefig(files[-1], dpi=110)
    return files


def _grid(count: int) -> Figure:
    rows = -(-count // _COLUMNS)
    return Figure(figsize=(12, 2.9 * rows), layout="constrained")


def _bars(goals: Sequence[Goal], rounds: Rounds) -> Figure | None:
    """A small plot for each goal, with a bar for each server and the goal as a line."""
    drawn = [goal for goal in goals if goal.median(rounds, "hubbub") is not None]
    if not drawn:
        return None
    figure = _grid(len(drawn))
    for place, goal in enumerate(drawn, start=1):
        axes = figure.add_subplot(-(-len(drawn) // _COLUMNS), _COLUMNS, place)
        medians = {server: goal.median(rounds, server) for server in NAMES}
        shown = {server: m for server, m in medians.items() if m is not None}
        names = [NAMES[server] for server in shown]
        axes.bar(names, list(shown.values()), color=[_COLORS[s] for s in shown])
        if goal.bound is not None:
            axes.axhline(goal.bound, color="#c0392b", linestyle="--", linewidth=1)
        axes.set_title(goal.label.strip(), fontsize=9)
        if min(shown.values()) > 0 and max(shown.values()) > 20 * min(shown.values()):
            axes.set_yscale("log")
    return figure


def _curves(growth: Growth) -> Figure | None:
    """A small plot for each curve, whose costs begin at 1."""
    if not growth:
        return None
    figure = _grid(len(growth))
    for place, (what, points) in enumerate(growth.items(), start=1):
        axes = figure.add_subplot(-(-len(growth) // _COLUMNS), _COLUMNS, place)
        first, *_ = points.values()
        for cost in first:
            times = [costs[cost] / max(first[cost], 1e-9) for costs in points.values()]
            axes.plot(list(points), times, marker="o", label=cost)
        axes.axhline(BOUND, color="#c0392b", linestyle="--", linewidth=1)
        axes.set_xscale("log")
        axes.set_ylim(bottom=0)
        axes.set_title(what, fontsize=9)
        axes.legend(fontsize=7)
    return figure
