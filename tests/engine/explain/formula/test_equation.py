"""An equation as text: numbers as they are printed, and `=` only where they give exactly the printed result."""

from __future__ import annotations

import pytest

from gradstep.engine.explain.formula import Equation, Num, equation_text, relation
from gradstep.engine.explain.formula.equation import divided, fill
from gradstep.engine.files import loads
from gradstep.engine.graph.graph import Graph
from gradstep.engine.notation import Digits


def test_numbers_are_written_with_the_digits_that_are_asked_for() -> None:
    parts = (Num(0.25, False), " × ", Num(-1 / 3, True, True), " + ", Num(2.0, True))
    assert equation_text(parts, 3) == "0.250 × (−0.333) + +2.000"
    assert equation_text(parts, Digits.FULL) == "0.25 × (−0.3333333333333333) + +2.0"


def test_a_template_takes_parts_in_any_order() -> None:
    assert fill("½({0} − {1})²", ["a", "b"]) == ("½(", "a", " − ", "b", ")²")
    assert fill("{1}/{0}", ["a", Num(2)]) == (Num(2), "/", "a")
    assert fill("no place", []) == ("no place",)


def test_it_is_equal_only_where_the_printed_numbers_give_the_printed_result() -> None:
    """1/3 + 1/3 is 2/3; of 0.333 + 0.333 the printed sum would be 0.666, and 0.667 is printed."""
    third = 1 / 3
    thirds = Equation("a", "b + c", (), 2 * third, "=", lambda r: r(third) + r(third))
    assert thirds.equals(3) == "≈"
    assert thirds.equals(Digits.FULL) == "="
    assert Equation("a", "b + c", (), 0.75, "=", lambda r: r(0.5) + r(0.25)).equals(3) == "="
    assert Equation("a", "f(b)", (), 0.75).equals(3) == "="  # nothing is claimed


@pytest.mark.parametrize(
    ("factors", "product", "digits", "sign"),
    [((0.5, 0.5), 0.25, 3, "="), ((1 / 3, 3), 1.0, 3, "≈"), ((1 / 3, 3), 1.0, 17, "="), ((), 1.0, 3, "=")],
)
def test_a_product_is_held_against_its_printed_factors(
    factors: tuple[float, ...], product: float, digits: int, sign: str
) -> None:
    assert relation(factors, product, digits) == sign


def test_a_mean_says_of_how_many() -> None:
    def graph(size: int) -> Graph:
        return loads(f"format = 1\n[parameters]\nx = {[0.5] * size}\n[graph]\nL = 'mean(x)'\n").graph

    many, one = graph(4), graph(1)
    assert divided(many.nodes[-1], "Σ x / n", [(4,)]) == "Σ x / 4"
    assert divided(one.nodes[-1], "Σ x / n", [(1,)]) == "Σ x"  # nothing is divided by 1
