"""Lines of a rule."""

from __future__ import annotations

import numpy as np

from gradstep.engine.training.averaging import AVERAGED
from gradstep.engine.training.optimizer import OPTIMIZERS
from gradstep.engine.training.rule import SIGNS, Line


def test_a_line_is_text_and_symbols_in_turn() -> None:
    line = Line("v", "{momentum}·{v} + {g}²", lambda n: n["momentum"] * n["v"] + n["g"] ** 2, "a velocity")
    assert line.pieces == (("", "momentum"), ("·", "v"), (" + ", "g"), ("²", ""))
    assert line.compute({"momentum": 0.5, "v": 4.0, "g": 3.0}) == 11.0
    whole = line.compute({"momentum": 0.5, "v": np.array([4.0, 0.0]), "g": np.array([3.0, 1.0])})
    assert whole.tolist() == [11.0, 1.0]


def test_every_symbol_of_every_rule_is_known_where_it_stands() -> None:
    """A line may use what was given before the first, what is kept, and what the lines before it gave."""
    for name, cls in OPTIMIZERS.items():
        switches = [{}, {k: v.default or 0.5 for k, v in cls.options.items() if k in ("momentum", "weight_decay")}]
        switches += [{**switches[1], k: True} for k, v in cls.options.items() if v.default is False]
        for given in switches:
            rule = cls(**given)
            for t in (1, 2):
                known = {"w", "g", *rule.constants(t), *rule.kept()}
                for line in rule.rule(t):
                    assert {symbol for _, symbol in line.pieces if symbol} <= known, (name, given, line.written)
                    known.add(line.symbol)
                assert line.symbol == "w"
                assert set(rule.kept()) <= {one.symbol for one in rule.rule(t)}


def test_signs_are_for_symbols_that_there_are() -> None:
    known = {"norm", "left", "accumulate", AVERAGED, "averages"}
    for cls in OPTIMIZERS.values():
        known |= {*cls.options, *cls().constants(1), *(line.symbol for line in cls().rule(1)), *cls().kept()}
    assert set(SIGNS) <= known
