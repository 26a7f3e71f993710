"""Of a file, a language model is shown the shape: no value, and no key but in the hub's own words."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.importing.apply import apply
from backend.importing.llm import prompt
from backend.importing.llm.check_rules import judge
from backend.importing.pointers import leaves, real, steps
from backend.importing.preview import Understood, preview, read, show, understand
from backend.importing.speech import Speech
from backend.importing.vocabulary import VOCABULARY, words
from schemas.import_sharing import Shows
from tests.backend.importing.invariants import hold
from tests.backend.importing.llm.conftest import FILE, Propose
from tests.support.openai_server import OpenAiServer

DOCUMENTS = sorted((Path(__file__).parents[1] / "fixtures/labelled").glob("doc*.json"))
TYPES = {"number", "string", "number-string", "percent-string", "date-string", "boolean", "null", "^", "*", "|"}


def tokens(table: Any) -> set[str]:
    if isinstance(table, dict):
        return {token for key, value in table.items() for token in words(str(key)).split("_")} | {t for value in table.values() for t in tokens(value)}
    return {token for word in table for token in words(str(word)).split("_")}


WORDS = tokens(VOCABULARY)


def strings(node: Any) -> set[str]:
    if isinstance(node, dict):
        return set(node) | {text for value in node.values() for text in strings(value)}
    return {text for item in node for text in strings(item)} if isinstance(node, list) else {node} if isinstance(node, str) else set()


def check(message: str) -> None:
    """Every string is a type, a placeholder, a place of the document, or made of the hub's words."""
    shown = json.loads(message)
    has = shown.pop("has")
    assert all(re.fullmatch(r"(/([a-z_0-9]+|\*))+", place) for place in has)
    for text in strings(shown) - {"file", "open"} - TYPES:
        if not re.fullmatch(r"<key \d+>", text):
            said = words(text).split("_")
            assert all(token in WORDS or re.fullmatch(r"\d{1,2}", token) for token in said), text
            assert any(token in WORDS and not token.isdigit() for token in said), text


def message_of(content: bytes) -> str | None:
    reading = read(content)
    shown = preview(content)
    return prompt.message(reading.tree, [real(reading.tree, steps(pointer)) for pointer in shown.unmapped], list(shown.provenance), Speech(Shows.VOCABULARY))


async def test_no_string_of_a_file_is_in_what_is_sent_not_even_when_it_is_asked_again(provider: OpenAiServer, propose: Propose) -> None:
    wrong = {"kind": "scalar", "source": "/<key 1>/<key 2>/none", "target": "/training/hyperparameters/<key 2>"}
    provider.answers = [json.dumps({"rules": [{**wrong, "transform": None, "const": None, "parts": None}]}), "{}"]
    await propose()
    chats = [asked for asked in provider.asked if asked.path.endswith("completions")]
    assert len(chats) == 2
    for asked in chats:
        sent = asked.body.decode()
        for text in strings(FILE) | {"0.91", "0.83", "0.2"}:
            if text not in ("auc",):
                assert text not in sent
                assert json.dumps(text)[1:-1] not in sent
        check(asked.json["messages"][-1]["content"].split("\n\n")[0])


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_real_files_say_nothing_of_their_own(path: Path) -> None:
    message = message_of(path.read_bytes())
    assert message is not None
    check(message)
    for text in strings(json.loads(path.read_bytes())):
        if len(text) > 20 and " " in text:
            assert text not in message


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(max_size=12), inner, max_size=6),
    max_leaves=30,
)


@settings(max_examples=150, deadline=None)
@given(JSON)
def test_no_file_says_anything_of_its_own(tree: Any) -> None:
    message = message_of(json.dumps({"model_name": "m", "auc": 0.8, "more": tree}).encode())
    assert message is not None
    check(message)


TARGETS = [
    "/name",
    "/metrics/*",
    "/features/*",
    "/charts/*",
    "/training/seed",
    "/training/hyperparameters",
    "/task/type",
    "/metrics/0/value",
    "/lineage/x",
    "/no",
]
TRANSFORMS = [None, "percent", "number", "integer", "date", "text", "metric", "split", "task_type", "nonsense"]
POINTERS = st.sampled_from(["", "/metrics", "/metrics/*", "/metrics/auc", "/more", "/more/*", "/more/*/*", "/nowhere", "auc", "0", "*", "/a/b", "value"])
CONSTS = st.sampled_from([None, "0.999", "roc_auc", "accuracy", "test", "regression", "Ignore", "roc"])
PARTS = st.lists(
    st.fixed_dictionaries(
        {
            "target": st.sampled_from(["name", "value", "split", "kind", "fpr", "tpr", "n", "", "*", "importance/3/value"]),
            "source": st.none() | POINTERS,
            "key": st.none() | st.integers(-1, 4),
            "const": CONSTS,
            "transform": st.sampled_from(TRANSFORMS),
        }
    ),
    max_size=4,
)
RULES = st.lists(
    st.fixed_dictionaries(
        {
            "kind": st.sampled_from(["scalar", "rows", "zip", "pairs", "columnar", "confusion", "split_from_key", "const", "divine"]),
            "source": POINTERS,
            "target": st.none() | st.sampled_from(TARGETS),
            "transform": st.sampled_from(TRANSFORMS),
            "const": CONSTS,
            "parts": st.none() | PARTS,
        }
    )
    | JSON,
    max_size=6,
)


@settings(max_examples=400, deadline=None)
@given(JSON, RULES)
def test_whatever_is_proposed_the_document_holds_no_number_that_the_file_does_not_say(tree: Any, rules: Any) -> None:
    content = json.dumps({"model_name": "m", "metrics": {"auc": 0.8, "n": "12"}, "more": tree}).encode()
    reading = read(content)
    base = understand(reading).rules
    judged = judge({"rules": rules}, reading.tree, base, Speech(Shows.VOCABULARY))
    assert len(judged.accepted) + len(judged.refused) == len(rules)
    together = [*base, *judged.accepted]
    shown = show(reading, Understood(rules=together), apply(together, reading.tree), "f.json")
    hold(shown, reading.tree)
    said = {float(value) for _, value in leaves(reading.tree) if isinstance(value, (int, float)) and not isinstance(value, bool)}
    for path, value in leaves(shown.document):
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            pointer = "/" + "/".join(str(step).replace("~", "~0").replace("/", "~1") for step in path)
            assert float(value) in said or pointer in shown.transforms


def test_a_key_without_a_word_is_no_word_of_ours() -> None:
    assert "$" not in json.dumps(Speech(Shows.VOCABULARY).of({"model_name": "m", "$": {"_": None}}))
