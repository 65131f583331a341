"""Scenario files: from parsed TOML to a network that is ready to run.

Nothing is half-loaded: either every part of the file is sound, or ScenarioError carries all problems (the first 20),
each with its line and column. Nothing is allocated until there is none.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from math import prod

import numpy as np

from gradstep.engine.files.draft import Draft
from gradstep.engine.files.keys import TOP
from gradstep.engine.files.tables.batch import check_batch, divide
from gradstep.engine.files.tables.debug import read_debug
from gradstep.engine.files.tables.expect import read_expectations
from gradstep.engine.files.tables.graph import add_lines, build, place_of
from gradstep.engine.files.tables.leaves import add_leaves, allocate, check_numbers
from gradstep.engine.files.tables.notes import read_notes
from gradstep.engine.files.tables.origin import read_origins
from gradstep.engine.files.tables.training import check_groups, read_against, read_training
from gradstep.engine.graph.builder import GraphBuilder
from gradstep.engine.notation import shown
from gradstep.engine.run.scenario import Scenario
from gradstep.engine.run.timeline import Timeline
from gradstep.engine.training.batches import batch
from gradstep.engine.training.options import Training

FORMAT = 1

#: What a file asks of an iteration, to start in it or to check it, may be beyond its training up to here.
_BEYOND = 10_000


def read(draft: Draft, name: str) -> Scenario:
    """The scenario that a file describes. Raises ScenarioError."""
    top = draft.top
    top.only(TOP)
    _check_format(draft)
    title, shows, description, source = (top.text(key) for key in ("title", "shows", "description", "source"))
    dtype = np.dtype(top.choice("dtype", TOP["dtype"]["enum"]))
    builder = GraphBuilder(dtype, recorded=draft.recorded)
    training, against = read_training(draft), read_against(draft)
    batched = top.texts("batch")
    makers = add_leaves(draft, builder, batched, training)
    check_groups(draft, builder, training)
    if against is not None:
        check_groups(draft, builder, against, "against")
    last = add_lines(draft, builder)
    check_batch(draft, builder, makers, batched, training)
    drawn = sum(prod(makers[key].shape) for key in batched if key in makers) if training.batch_size else 0
    graph = build(draft, builder, last, drawn)
    # What speaks of steps is checked against the timeline, which is None where the graph is broken.
    time = None if graph is None else Timeline(graph)
    reach = max(training.steps, _BEYOND)
    debug, notes = read_debug(draft, time, reach), read_notes(draft, time)
    expectations = read_expectations(draft, time, reach, training.avg_fn is not None)
    origins = read_origins(draft)
    draft.stop_if_bad()
    assert graph is not None, "a graph that could not be built is a problem"
    arrays = allocate(draft, builder, makers)
    check_numbers(draft, graph, arrays)
    samples = [builder.names[key].id for key in batched]
    pool, held = divide(draft, builder, graph, {value: arrays[value] for value in samples}, training)
    leaves = {**arrays, **pool, **batch(pool, training, 1)}
    scenario = Scenario(
        name, draft.file, title, shows, description, source, graph, leaves, pool if training.batch_size else {},
        batched, held, training, expectations, debug.breakpoints, debug.watch, debug.start, notes, draft.text,
        origins=origins, place=partial(place_of, draft),
    )  # fmt: skip
    return scenario if against is None else dataclasses.replace(scenario, against=_other(scenario, against))


def _check_format(draft: Draft) -> None:
    found = draft.top.said.get("format")
    if "format" not in draft.top:
        draft.missing("the format is missing: write format = 1 at the top")
    elif found != FORMAT or type(found) is not int:
        draft.top.bad("format", f"format {shown(found)} is not known; this version reads format {FORMAT}")


def _other(scenario: Scenario, training: Training) -> Scenario:
    """The same network and samples, trained otherwise."""
    leaves = {**scenario.leaves, **batch(scenario.pool, training, 1)}
    return dataclasses.replace(
        scenario, name=str(training.optimizer), leaves=leaves, training=training, start=None, breakpoints=(), watch=()
    )
