"""What a visitor's request costs, contender beside contender: ``python -m benchmarks.compare``."""

from __future__ import annotations

import json
from argparse import ArgumentParser, Namespace
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from . import chart, databases
from .children import Child
from .contenders import CONTENDERS, OTHERS
from .contenders.ours_site import make_table
from .data import SIZES
from .progress import progress
from .results import Cell, Results, judged, machine
from .views import KINDS

_TITLES = {**CONTENDERS, **OTHERS}


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure, write what is asked for, and print."""
    options = _options(arguments)
    results = Results()
    for database in options.databases:
        for size in options.sizes:
            _measure(results, database, size, options)
    document = _document(results, options)
    if options.json:
        options.json.write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")
    if options.chart:
        options.chart.write_text(chart.draw(document), encoding="utf-8")
    _print_medians(results, options.contenders)
    _print_ratios(results)


def _options(arguments: Sequence[str] | None) -> Namespace:
    parser = ArgumentParser(prog="python -m benchmarks.compare", description=__doc__)
    available = databases.available()
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--requests", type=int, default=200, help="in each round, of each kind")
    parser.add_argument(
        "--contenders",
        nargs="+",
        choices=_TITLES,
        default=list(CONTENDERS),
        help=f"by default all but {', '.join(OTHERS)}",
    )
    parser.add_argument("--kinds", nargs="+", choices=KINDS, default=list(KINDS))
    parser.add_argument("--databases", nargs="+", choices=available, default=available)
    parser.add_argument("--sizes", nargs="+", choices=SIZES, default=SIZES)
    parser.add_argument("--json", type=Path, metavar="FILE")
    parser.add_argument("--chart", type=Path, metavar="FILE", help="an SVG")
    return parser.parse_args(arguments)


def _measure(results: Results, database: str, size: str, options: Namespace) -> None:
    """Run all rounds on one database, with sessions of one size."""
    with databases.lend(database) as make, ExitStack() as stack:
        urls = {name: make(name) for name in options.contenders}
        for url in urls.values():
            make_table(url)
        children = {
            name: stack.enter_context(Child("contender", name, url, size))
            for name, url in urls.items()
        }
        for child in children.values():
            child.wait_until_ready()
            for kind in options.kinds:
                child.ask(f"{kind} {max(options.requests // 4, 10)}")  # warms up
        advance = stack.enter_context(progress(f"{database}, {size}", options.rounds))
        for number in range(options.rounds):
            for kind in options.kinds:
                for name in _in_turn(options.contenders, number):
                    seconds = float(children[name].ask(f"{kind} {options.requests}"))
                    cell = Cell(database, size, kind)
                    results.add(cell, name, seconds / options.requests * 1e6)
            advance()


def _in_turn(names: list[str], number: int) -> Iterator[str]:
    """Order the contenders for a round; each comes first as often as any other."""
    first = number % len(names)
    yield from names[first:] + names[:first]


def _print_medians(results: Results, contenders: list[str]) -> None:
    print("\nµs for a request, medians of the rounds\n")
    print(f"| | {' | '.join(_TITLES[name] for name in contenders)} |")
    print("|---|" + "---:|" * len(contenders))
    for cell in results.times:
        medians = results.medians(cell)
        figures = " | ".join(f"{medians[name]:.0f}" for name in contenders)
        print(f"| {_label(cell)} | {figures} |")


def _print_ratios(results: Results) -> None:
    print("\nMedians of the rounds' ratios\n")
    print("| | ratio | median | target | |")
    print("|---|---|---:|---:|---|")
    for verdict in results.verdicts():
        target = verdict.target
        bound = "" if verdict.bound is None else f"{target.sign} {verdict.bound}"
        end = "" if verdict.is_reached is None else judged(reached=verdict.is_reached)
        ratio = f"{_TITLES[target.above]} / {_TITLES[target.below]}"
        print(f"| {_label(verdict.cell)} | {ratio} | {verdict.ratio:.2f} | {bound} | {end} |")


def _label(cell: Cell) -> str:
    return f"{chart.DATABASES[cell.database]}, {cell.size}: {chart.KINDS[cell.kind]}"


def _document(results: Results, options: Namespace) -> dict[str, Any]:
    return {
        "machine": machine(),
        "databases": {name: databases.describe(name) for name in options.databases},
        "rounds": options.rounds,
        "requests": options.requests,
        **results.as_json(),
    }


if __name__ == "__main__":
    main()
