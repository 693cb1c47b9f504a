"""Writes docs/performance.md: the tables, the plots, the machine and the command."""

from collections.abc import Iterator
from pathlib import Path

from bench.growth import curves_as_rows
from bench.report import as_markdown, remarks, table
from bench.results import Results

_HOW = """\
Hubbub stores every message in PostgreSQL, synced to disk, before it answers. Socket.IO
(4.8, on Node.js) and the tutorials' way to use Channels store nothing; plain DRF is a
`ModelViewSet` for each table. All servers are up together on one core and take turns;
the load, PostgreSQL and Redis have another one.
[bench/README.md](../bench/README.md) says what each row measures."""


def write_page(page: Path, results: Results) -> None:
    # Only a page needs the package that draws, and `make bench` installs it.
    from bench.plots import draw_plots

    plots = draw_plots(page.parent / "images", results)
    page.write_text("\n".join(_lines(results, plots)) + "\n")


def _lines(results: Results, plots: list[Path]) -> Iterator[str]:
    yield from ("# How fast it is", "", _HOW, "")
    yield from (f"- Measured: {results.date}", f"- Machine: {results.machine}")
    yield from (f"- Division: {results.cores}", f"- Command: `{results.command}`", "")
    yield from (as_markdown(table(results.rounds)), "")
    yield from (f"- {remark}" for remark in remarks(results.rounds))
    if results.growth:
        yield from ("", "## How the cost of a unit grows", "")
        yield as_markdown(curves_as_rows(results.growth))
    yield from ("", "## Plots", "")
    yield "A dashed line is the goal."
    for plot in plots:
        yield from ("", f"![{plot.stem}](images/{plot.name})")
