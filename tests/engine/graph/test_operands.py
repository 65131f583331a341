"""Calls with several results."""

from __future__ import annotations

from graphs import network


def test_several_results_get_a_name_each_or_one_is_taken() -> None:
    net = network(
        {},
        {"X": [[1.0, 5.0, 3.0], [4.0, 2.0, 6.0]]},
        {"a, b": "split(X, (1, 2), axis=1)", "best": "topk(X, 1)[0]", "L": "sum(a) + 2 * sum(b) + 3 * sum(best)"},
    )
    assert net.data("a").tolist() == [[1.0], [4.0]]
    assert net.data("best").tolist() == [[5.0], [6.0]]
    assert net.grad("X").tolist() == [[1.0, 5.0, 2.0], [1.0, 2.0, 5.0]]
    assert [node.line for node in net.graph.nodes[:2]] == ["a, b"] * 2
    assert all(node.output == k + 1 for k, node in enumerate(net.graph.nodes[:2])), "each result is a node of its own"
