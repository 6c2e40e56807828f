"""Predict a parquet file in SQL and sum, 2 workers, against the fastest we can write by hand.

`select sum(f(struct(*)))` over 30 columns with a warm session, against `by_hand`: two warm processes without SQL
between them, in two layouts; the bar is against the faster one, and a line without one against the layout with a
setting of DuckDB that ours has. A linear model, where moving the rows is most of the work, and a forest, where the
model is. Then all of it cold, no bar: ours opens a session, registers and predicts, the other starts its processes
and predicts.
"""

from __future__ import annotations

from functools import partial

from benchmarks import models
from benchmarks.by_hand import Feeding, Halves, HalvesByPages, Layout
from benchmarks.measuring import Bar, Figure, Runs, alternate, timed
from benchmarks.predict_channel import rate
from benchmarks.workspace import COLUMNS, Workspace

BAR = Bar(1.25)
_LAYOUTS: tuple[type[Layout], ...] = (Halves, Feeding)


def run(workspace: Workspace) -> list[Figure]:
    return [figure for recipe in (models.LINEAR, models.FOREST) for figure in _figures(workspace, recipe)]


def _figures(workspace: Workspace, recipe: models.Recipe) -> list[Figure]:
    from mlsql_engine import connect
    from mlsql_engine.core.progress import SilentProgress

    trained = models.train(workspace, recipe)
    expected = int(trained.in_process().predict(workspace.matrix).sum())
    what = f"predict and sum {workspace.rows:,} x {COLUMNS} of parquet in SQL, {recipe.name}, 2 workers"

    def by_hand(layout: type[Layout]) -> float:
        with layout(trained.pickle, workspace.numbers) as started:
            return started.sum()

    def in_sql() -> int:
        with connect(progress=SilentProgress()) as session:
            session.run(REGISTERED.format(numbers=workspace.numbers, store=trained.store))
            return int(session.run(SUM).to_arrow().column(0)[0].as_py())

    with (
        connect(progress=SilentProgress()) as session,
        Halves(trained.pickle, workspace.numbers) as halves,
        Feeding(trained.pickle, workspace.numbers) as feeding,
        HalvesByPages(trained.pickle, workspace.numbers) as by_pages,
    ):
        session.run(REGISTERED.format(numbers=workspace.numbers, store=trained.store))

        def warm() -> int:
            return int(session.run(SUM).to_arrow().column(0)[0].as_py())

        assert warm() == halves.sum() == feeding.sum() == expected
        *runs, tuned = alternate(
            workspace.repeats, timed(warm), timed(halves.sum), timed(feeding.sum), timed(by_pages.sum)
        )
    ours, bare, against = _fastest(*runs)
    figures = [
        Figure(what, ours, bare, against, BAR, rate(workspace.rows, ours)),
        Figure("the same, by hand with our setting of DuckDB", ours, tuned, f"by hand, {HalvesByPages.title}"),
    ]
    cold = [timed(in_sql), *(timed(partial(by_hand, layout)) for layout in _LAYOUTS)]
    ours, bare, against = _fastest(*alternate(workspace.row_repeats, *cold, warm_up=False))
    return [*figures, Figure(f"the same, {recipe.name}, cold", ours, bare, against)]


def _fastest(ours: Runs, *layouts: Runs) -> tuple[Runs, Runs, str]:
    """Ours, the fastest layout and its name, with what the others take."""
    named = sorted(zip(layouts, _LAYOUTS, strict=True), key=lambda pair: pair[0].median)
    (fastest, layout), *others = named
    slower = ", ".join(f"{other.title} {runs.median:.3g} s" for runs, other in others)
    return ours, fastest, f"by hand, {layout.title} ({slower})"


REGISTERED = """
load parquet.`{numbers}` as numbers;
register PythonAlg.`{store}` as f where workers='2';
"""
SUM = "select sum(if(f(struct(*)), 1, 0)) as s from numbers as answer;"
