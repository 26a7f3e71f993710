"""A document that a language model wrote itself: what the file does not say stays out until a person vouches for it."""

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from backend.hub import Hub
from backend.importing import validate
from backend.importing.collect import Collector
from backend.importing.llm import check_values
from backend.importing.pointers import leaves, resolve, steps
from backend.importing.transforms import TRANSFORMS
from tests.backend.importing.llm.conftest import Propose
from tests.support.openai_server import Fault, OpenAiServer
from tests.support.procedures import do
from tests.support.tenants import Tenant

TREE = {"modell": "Kündigung", "guete": {"treffer": "91.2%", "flaeche": 0.83}, "zeilen": 1204, "lr": 0.05, "alt": [0.5, 0.5]}
WROTE = [
    {"target": "/name", "value": "Kündigung", "source": "/modell"},
    {"target": "/metrics/0/name", "value": "accuracy", "source": "/guete/treffer"},
    {"target": "/metrics/0/value", "value": 0.912, "source": "/guete/treffer"},
    {"target": "/metrics/1/name", "value": "roc_auc", "source": "/guete/flaeche"},
    {"target": "/metrics/1/value", "value": 0.83, "source": None},
    {"target": "/metrics/2/name", "value": "f1", "source": "/guete/flaeche"},
    {"target": "/metrics/2/value", "value": 0.777, "source": "/guete/flaeche"},
    {"target": "/training/dataset/rows", "value": 1204, "source": "/nowhere"},
    {"target": "/training/seed", "value": 42, "source": None},
    {"target": "/task/threshold", "value": 0.5, "source": None},
    {"target": "/lineage/source_format", "value": "trust me", "source": None},
    {"target": "/no/such/place", "value": 1, "source": None},
    {"target": "/training/dataset/rows", "value": "many", "source": None},
]


def answer(values: list[dict[str, Any]]) -> str:
    return json.dumps({"values": values})


async def test_only_what_the_file_says_is_in_the_document_and_the_rest_is_shown_with_the_reason(provider: OpenAiServer, propose: Propose) -> None:
    provider.answers = [answer(WROTE)]
    draft = await propose(json.dumps(TREE), shows="file", mode="rewrite")
    document = draft["document"]
    assert document["name"] == "Kündigung"
    assert [(one["name"], one["value"]) for one in document["metrics"]] == [("accuracy", 0.912), ("roc_auc", 0.83)]
    assert document["training"] == {"dataset": {"rows": 1204}}, "found elsewhere than was claimed, and only there"
    assert draft["provenance"]["/metrics/0/value"] == {"pointer": "/guete/treffer", "value": "91.2%", "transform": "number"}
    unsupported = {one["target"]: one["reason"] for one in draft["llm"]["unsupported"]}
    assert unsupported["/metrics/2/value"] == "at /guete/flaeche the file says '0.83'"
    assert "2 places" in unsupported["/task/threshold"]
    assert "no such place" in unsupported["/lineage/source_format"]
    assert {"/training/seed", "/no/such/place"} <= set(unsupported)
    assert draft["mapped_by"] == "llm"


async def test_a_person_may_vouch_for_a_value_and_the_document_says_who_did(hub: Hub, tenant: Tenant, provider: OpenAiServer, propose: Propose) -> None:
    provider.answers = [answer(WROTE)]
    draft = await propose(json.dumps(TREE), shows="file", mode="rewrite")
    revised = await do(hub, tenant.admin, "imports.revise", {"draft_id": draft["draft_id"], "confirmed": ["/training/seed"]})
    assert revised["document"]["training"]["seed"] == 42
    version = await do(hub, tenant.admin, "imports.commit", {"draft_id": draft["draft_id"]})
    assert version["document"]["provenance"]["/training/seed"] == f"person:{tenant.admin.name}"
    assert "f1" not in [one["name"] for one in version["document"]["metrics"]]
    assert await do(hub, tenant.admin, "mappings.list", {}) == [], "what was written for one file reads no other"


async def test_a_rewrite_that_fails_leaves_the_hubs_own_reading(provider: OpenAiServer, propose: Propose) -> None:
    provider.fail(Fault.REFUSAL, path="/v1/chat")
    draft = await propose(json.dumps({"model_name": "m", "auc": 0.8}), shows="file", mode="rewrite")
    assert (draft["llm"]["reason"], draft["mapped_by"], draft["document"]["metrics"][0]["value"]) == ("MODEL_REFUSED", "matcher", 0.8)


async def test_a_file_that_is_too_large_is_not_sent(provider: OpenAiServer, propose: Propose) -> None:
    draft = await propose(json.dumps({"model_name": "m", "auc": 0.8, "notes": ["x" * 50] * 2000}), shows="file", mode="rewrite")
    assert (draft["llm"]["reason"], draft["llm"]["calls"], provider.asked) == ("FILE_TOO_LARGE", 0, [])


LEAF = st.none() | st.booleans() | st.integers(-9, 99) | st.sampled_from([0.5, 0.83, 91.2, "91.2%", "0.7", "auc", "test", "x"])
TREES = st.dictionaries(st.sampled_from("abcd"), LEAF | st.lists(LEAF, max_size=3) | st.dictionaries(st.sampled_from("01x"), LEAF, max_size=3), max_size=4)
WRITTEN = st.lists(
    st.fixed_dictionaries(
        {
            "target": st.sampled_from(
                ["/name", "/metrics/0/name", "/metrics/0/value", "/metrics/7/value", "/metrics/7/name", "/features/1/name", "/features/1/categories/4",
                 "/training/seed", "/task/classes/2", "/task/classes/0", "/charts/0/kind", "/charts/0/fpr/1", "/charts/0/tpr/0", "/metrics/x/value", "/a", ""]
            ),
            "value": LEAF.filter(lambda value: value is not None),
            "source": st.none() | st.sampled_from(["/a", "/b/0", "/c/x", "/d/2", "", "/zz"]),
        }
    ),
    max_size=12,
)  # fmt: skip


@settings(max_examples=400, deadline=None)
@given(TREES, WRITTEN)
def test_whatever_is_written_every_number_of_the_document_is_in_the_file_or_a_recorded_transform_of_one_that_is(tree: Any, written: Any) -> None:
    found: Collector = check_values.gathered(check_values.check(written, tree), {}, tree)
    document, values = found.document()
    assert validate.issues({"name": "m", **document}) == []
    for path, value in leaves(document) if document else []:
        one = values["/" + "/".join(str(step) for step in path)]
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            said = resolve(tree, tuple(one.source))
            assert value == (TRANSFORMS[one.transform](said) if one.transform else said)
    assert not [target for target in values if resolve(document, steps(target)) is not values[target].value]
