"""The keys of the tables: each has a type or a choice, and words that say what it is."""

from __future__ import annotations

import pytest

from gradstep.engine.files import keys

TABLES = ("TOP", "NOTE", "DEBUG", "EXPECT", "STORED", "DRAWN", "DATASET", "GROUP", "LEAF", "WRITTEN", "ORIGIN")


@pytest.mark.parametrize("table", TABLES)
def test_every_key_says_what_it_is(table: str) -> None:
    for name, one in getattr(keys, table).items():
        assert one["description"].strip(), name
        assert {"type", "enum", "const", "$ref", "allOf", "anyOf"} & set(one), name


def test_all_tables_are_looked_at() -> None:
    assert {name for name in vars(keys) if name.isupper() and name[0] != "_"} == set(TABLES)
