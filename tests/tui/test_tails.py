"""Paths of modules where there is no room for them: what tells them apart stays."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradstep.tui.cells import breadth, fold
from gradstep.tui.tails import shorter, tails


@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("fc.weight", ["…weight"]),
        ("encoder.proj.bias", ["…proj.bias", "…bias"]),
        ("t.h.9.attn.c.weight", ["…h.9.attn.c.weight", "…9.attn.c.weight", "…9…c.weight", "…9…weight", "…weight"]),
        ("net.0", []),
        ("h.3.mlp.2", ["…3.mlp.2", "…mlp.2"]),
    ],
)
def test_the_block_and_the_end_are_left_out_last(path: str, shown: list[str]) -> None:
    assert list(shorter(path)) == [path, *shown]


@pytest.mark.parametrize(
    ("texts", "room", "shown"),
    [
        (["h.0.up.weight[1]", "h.1.up.weight[1]"], 16, ["h.0.up.weight[1]", "h.1.up.weight[1]"]),
        (["h.0.up.weight[1]", "h.1.up.weight[1]"], 15, ["…0.up.weight[1]", "…1.up.weight[1]"]),
        (["h.0.up.weight[1]", "h.1.up.weight[1]"], 12, ["…0…weight[1]", "…1…weight[1]"]),
        # Less would be the same for both.
        (["h.0.up.weight[1]", "h.1.up.weight[1]"], 4, ["…0…weight[1]", "…1…weight[1]"]),
        (["∂L/∂enc.fc[1]·0.25 in net/enc.py"], 9, ["∂L/∂…fc[1]·0.25 in net/enc.py"]),
    ],
)
def test_no_more_is_left_out_than_must_be(texts: list[str], room: int, shown: list[str]) -> None:
    assert list(tails(texts, lambda some: max(map(breadth, some)) <= room)) == shown


NAMES = st.lists(st.sampled_from(["h", "0", "1", "attn", "up", "weight", "bias"]), min_size=1, max_size=5).map(
    lambda parts: ".".join(["net", *parts])
)


@given(st.lists(NAMES, min_size=2, max_size=6, unique=True), st.integers(3, 30))
def test_neighbours_stay_different(names: list[str], room: int) -> None:
    shown = tails(names, lambda some: max(map(breadth, some)) <= room)
    assert len(set(shown)) == len(names)


def test_a_path_is_folded_at_its_parts() -> None:
    name = "transformer.h.9.attn.c_attn[0,3,14]"
    assert [fold(name, width) for width in (40, 24, 20, 16)] == [
        name,
        "…h.9.attn.c_attn[0,3,14]",
        "…9…c_attn[0,3,14]",
        "…c_attn[0,3,14]",
    ]
