"""What a diagnosis says to people and to programs."""

from __future__ import annotations

from gradstep.engine.diagnosis.finding import Advice, Diagnosis, Finding, Place, Severity

LATER = Finding("dead", Severity.WARNING, Place("h[1]", 18), {}, "a unit is shut", (), "somebody")
FOUND = Finding(
    "rate",
    Severity.FAULT,
    Place("W1", 17, 4),
    {"a": float("inf"), "b": float("nan"), "c": 2.0},
    "the update goes too far",
    (Advice("a smaller learning rate", "lr = 0.01"), Advice("clipping")),
    "somebody",
    "goto @17 4",
    (LATER,),
)
NOTE = FOUND._replace(severity=Severity.INFORMATION, place=Place(), advice=(), go="", follows=())


def test_lines_say_what_where_and_what_to_try() -> None:
    assert list(FOUND.lines()) == [
        "✗ fault rate at @17 4: the update goes too far",
        "    try: a smaller learning rate; or clipping",
        "    see: goto @17 4",
        "    rule: somebody",
        "  └ dead at @18 h[1] follows from it: a unit is shut",
    ]
    assert next(iter(NOTE.lines())) == "· information rate: the update goes too far"


def test_the_document_has_numbers_that_json_can_say() -> None:
    document = FOUND.document()
    assert document["numbers"] == {"a": "Infinity", "b": "NaN", "c": 2.0}
    assert document["place"] == {"name": "W1", "iteration": 17, "step": 4}
    assert document["try"][0] == {"text": "a smaller learning rate", "change": "lr = 0.01"}
    assert [one["kind"] for one in document["follows"]] == ["dead"]


def test_the_first_line_is_the_answer() -> None:
    assert next(Diagnosis((FOUND, NOTE)).lines()).startswith("✗ fault rate")
    assert list(Diagnosis().lines()) == ["nothing is wrong by all rules"]
    assert next(Diagnosis((NOTE,)).lines()) == "nothing is wrong by all rules; 1 note below"
    assert Diagnosis((FOUND, NOTE)).faults == (FOUND,)
