"""One table of all rounds: medians with their spread, and the ratio."""

import statistics
from collections.abc import Sequence

import msgspec

from bench.scenarios import Figures

# Scenario -> server -> the figures of each round.
Results = dict[str, dict[str, list[Figures]]]


class Row(msgspec.Struct, frozen=True):
    label: str
    key: str
    digits: int = 0
    # "lower" or "higher" figures are better; empty means that there is no ratio.
    better: str = ""
    percent: bool = False


_LATENCIES = (
    Row("  latency to each socket p50, ms", "p50_ms", digits=1),
    Row("  latency to each socket p99, ms", "p99_ms", digits=1),
)
_HEALTH = (
    Row("  delivered of what was due, %", "complete", percent=True),
    Row("  server's core, % busy", "server_busy", percent=True),
    Row("  load generator, % of a core", "load_busy", percent=True),
)
ROWS: dict[str, tuple[Row, ...]] = {
    "fan-out": (
        Row("CPU per delivery, µs", "cpu_us", digits=1, better="lower"),
        Row("  deliveries per second", "deliveries_per_second", better="higher"),
        *_LATENCIES,
        *_HEALTH,
    ),
    "steady": (
        Row("CPU per delivery, µs", "cpu_us", digits=1, better="lower"),
        *_LATENCIES,
        *_HEALTH,
    ),
    "rooms": (
        Row("messages per second", "messages_per_second", better="higher"),
        Row("  per second of CPU", "messages_per_cpu_second", better="higher"),
        Row("  answer to the sender p50, ms", "reply_p50_ms", digits=1),
        Row("  answer to the sender p99, ms", "reply_p99_ms", digits=1),
        Row("  CPU per delivery, µs", "cpu_us", digits=1),
        *_HEALTH,
    ),
    "idle": (
        Row("memory per connection, KiB", "unique_kib", digits=1, better="lower"),
        Row("  the same by resident size", "resident_kib", digits=1),
    ),
}


def report(results: Results, titles: dict[str, str], *, baseline_stores: bool) -> str:
    stores = "stores its messages here" if baseline_stores else "stores nothing"
    lines = [_line("medians (lowest-highest)", "baseline", "Hubbub", "ratio")]
    for scenario, by_server in results.items():
        lines += ["", titles[scenario]]
        lines += [_row(row, by_server) for row in ROWS[scenario]]
        lines += _remarks(by_server)
    return "\n".join(
        [
            *lines,
            "",
            "Hubbub stores a message in PostgreSQL, synced to disk, before it answers.",
            f"The baseline, the tutorials' way, {stores}. See bench/README.md.",
        ]
    )


def _row(row: Row, by_server: dict[str, list[Figures]]) -> str:
    naive = _samples(row, by_server.get("naive", []))
    hubbub = _samples(row, by_server.get("hubbub", []))
    ratio = ""
    if row.better and naive and hubbub:
        low, high = statistics.median(hubbub), statistics.median(naive)
        if row.better == "higher":
            low, high = high, low
        ratio = f"{high / low:.1f} x" if low > 0 else ""
    return _line(row.label, _cell(naive, row.digits), _cell(hubbub, row.digits), ratio)


def _samples(row: Row, rounds: Sequence[Figures]) -> list[float]:
    factor = 100 if row.percent else 1
    return [figures[row.key] * factor for figures in rounds if row.key in figures]


def _cell(samples: Sequence[float], digits: int) -> str:
    if not samples:
        return "-"
    median = f"{statistics.median(samples):,.{digits}f}"
    if len(samples) == 1:
        return median
    return f"{median} ({min(samples):,.{digits}f}-{max(samples):,.{digits}f})"


def _remarks(by_server: dict[str, list[Figures]]) -> list[str]:
    """Errors and lost sockets, which make the figures above them worth less."""
    remarks = []
    for server, rounds in by_server.items():
        totals = {
            key: int(sum(figures.get(key, 0) for figures in rounds))
            for key in ("closed", "errors", "given_up")
        }
        told = ", ".join(f"{n} {key}" for key, n in totals.items() if n)
        if told:
            remarks.append(f"  {server}: {told}")
    return remarks


def _line(label: str, naive: str, hubbub: str, ratio: str) -> str:
    return f"{label:<38}{naive:>25}{hubbub:>25}{ratio:>9}"
