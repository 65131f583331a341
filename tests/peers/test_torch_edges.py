"""At kinks, at what is not finite, and for gradients that are neither: what PyTorch has."""

from __future__ import annotations

import importlib

import pytest

peer = importlib.import_module("torch_edges")


@pytest.mark.parametrize("case", list(peer.cases()), ids=lambda case: case[0])
def test_every_pair_of_special_numbers_and_gradients(case: tuple) -> None:
    if case[0] in peer.KNOWN:
        pytest.skip(peer.KNOWN[case[0]])
    assert peer.wrong(*case) == []
