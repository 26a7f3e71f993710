"""What a language model proposes, good or bad, and what the user sees of it."""

import json
from typing import Any

import msgspec
import pytest

from backend.errors import Forbidden
from backend.hub import Hub
from schemas.access import Role
from tests.backend.importing.llm.conftest import FILE, TEXT, Propose, key_of, part, rule
from tests.support.openai_server import Fault, OpenAiServer
from tests.support.procedures import do
from tests.support.tenants import Tenant


def answer(*rules: Any) -> str:
    return json.dumps({"rules": list(rules)})


def good(asked: Any) -> str:
    title, target = key_of(asked, "artefact", "titel"), key_of(asked, "zielgroesse")
    accuracy = rule("rows", key_of(asked, "artefact", "guete", "treffer"), "/metrics/*", parts=[part("value"), part("name", None, const="accuracy")])
    return answer(rule("scalar", title, "/name"), rule("scalar", target, "/task/target"), accuracy)


async def test_a_good_mapping_fills_what_the_hub_left_open_from_the_file_alone(provider: OpenAiServer, propose: Propose) -> None:
    provider.answers = [good]
    draft = await propose()
    assert (draft["mapped_by"], draft["llm"]["calls"], draft["llm"]["reason"]) == ("llm", 1, None)
    assert (len(draft["llm"]["accepted"]), draft["llm"]["refused"]) == (3, [])
    assert draft["llm"]["input_tokens"] > 100 < draft["llm"]["input_tokens"] + draft["llm"]["output_tokens"]
    assert draft["document"]["name"] == FILE["artefact"]["titel"]  # type: ignore[index]
    assert {one["name"]: one["value"] for one in draft["document"]["metrics"]} == {"roc_auc": 0.83, "accuracy": 0.91}
    assert draft["provenance"]["/task/target"]["pointer"] == "/zielgroesse"


async def test_a_partly_wrong_one_is_asked_for_again_with_the_reasons_and_its_good_part_is_kept(provider: OpenAiServer, propose: Propose) -> None:
    def partly(asked: Any) -> str:
        wrong = [
            rule("scalar", "/nowhere", "/description"),
            rule("divine", "", "/name"),
            rule("const", "", "/task/type", const="fortune_telling"),
            rule("scalar", "/zielgroesse", "/lineage/source_format"),
            {"kind": "scalar"},
            "scalar",
        ]
        return answer(*json.loads(good(asked))["rules"], *wrong[:-1])

    provider.answers = [partly, lambda asked: answer(rule("scalar", key_of(asked, "zielgroesse"), "/description"))]
    draft = await propose()
    assert (draft["llm"]["calls"], len(draft["llm"]["accepted"])) == (2, 4)
    assert draft["document"]["description"] == "left_2024"
    second = provider.asked[-1].json["messages"][-1]["content"]
    assert "the file has nothing at its source" in second
    assert "fortune_telling" in second


async def test_a_pointer_that_does_not_exist_and_words_of_its_own_are_refused_with_the_reason(provider: OpenAiServer, propose: Propose) -> None:
    bad = answer(
        rule("scalar", "/invented/place", "/name"),
        rule("const", "", "/algorithm/framework", const="0.999"),
        rule("rows", "/artefact", "/metrics/*", parts=[part("value", "nothing"), part("name", None, const="accuracy")]),
    )
    provider.answers = [bad, bad]
    draft = await propose()
    assert (draft["mapped_by"], draft["llm"]["accepted"]) == ("matcher", [])
    assert [one["rule"]["source"] for one in draft["llm"]["refused"]] == ["/invented/place", "", "/artefact"]
    assert all(one["reason"] for one in draft["llm"]["refused"])
    assert [one["value"] for one in draft["document"]["metrics"]] == [0.83]


async def test_an_invented_value_has_no_way_into_the_document(provider: OpenAiServer, propose: Propose) -> None:
    invented = [
        {**rule("scalar", "/x", "/metrics/0/value"), "value": 0.999},
        rule("const", "", "/metrics/0/value", const="0.999"),
        rule("rows", "", "/metrics/*", parts=[part("value", None, const="0.999"), part("name", None, const="accuracy")]),
    ]
    provider.answers = [answer(*invented)] * 2
    draft = await propose()
    assert len(draft["llm"]["refused"]) == 3
    assert 0.999 not in [one["value"] for one in draft["document"]["metrics"]]


async def test_a_rule_that_contradicts_what_the_hub_read_itself_is_refused(provider: OpenAiServer, propose: Propose) -> None:
    def contradicting(asked: Any) -> str:
        return answer(rule("rows", key_of(asked, "artefact", "guete", "treffer"), "/metrics/*", parts=[part("value"), part("name", None, const="roc_auc")]))

    provider.answers = [contradicting, contradicting]
    draft = await propose()
    assert [one["value"] for one in draft["document"]["metrics"]] == [0.83]
    assert "something else than what the hub read" in draft["llm"]["refused"][0]["reason"]
    assert draft["contradictions"] == []


OUTCOMES = {
    Fault.REFUSAL: ("MODEL_REFUSED", 1),
    Fault.LENGTH: ("ANSWER_CUT_OFF", 1),
    Fault.RATE_LIMIT: ("PROVIDER_BUSY", 1),
    Fault.DROP: ("PROVIDER_DOWN", 1),
    Fault.OVERLOADED: ("PROVIDER_DOWN", 1),
    Fault.SLOW: ("PROVIDER_SLOW", 1),
    Fault.BAD_KEY: ("PROVIDER_KEY_REFUSED", 1),
    Fault.REDIRECT: ("PROVIDER_REDIRECTED", 1),
    Fault.TRUNCATED: ("PROVIDER_ANSWER_UNREADABLE", 2),
    Fault.WRONG_SHAPE: ("PROVIDER_ANSWER_UNREADABLE", 2),
}


@pytest.mark.parametrize("fault", OUTCOMES)
async def test_whatever_goes_wrong_the_hubs_own_reading_stands_and_says_so(hub: Hub, provider: OpenAiServer, propose: Propose, fault: Fault) -> None:
    if fault is Fault.SLOW:
        object.__setattr__(hub, "settings", msgspec.structs.replace(hub.settings, import_llm_seconds=0.5))
    provider.fail(fault, path="/v1/chat", times=9)
    draft = await propose()
    reason, calls = OUTCOMES[fault]
    assert (draft["llm"]["reason"], draft["llm"]["calls"]) == (reason, calls)
    assert draft["llm"]["message"]
    assert draft["mapped_by"] == "matcher"
    assert [one["value"] for one in draft["document"]["metrics"]] == [0.83]


@pytest.mark.parametrize("said", ["not JSON at all", '{"rules": "none"}', '{"rules": [1, 2]}', "[]"])
async def test_an_answer_that_is_no_list_of_rules_is_asked_for_once_more(provider: OpenAiServer, propose: Propose, said: str) -> None:
    provider.answers = [said, good]
    draft = await propose()
    assert (draft["llm"]["calls"], draft["llm"]["reason"], len(draft["llm"]["accepted"])) == (2, None, 3)


async def test_a_repair_that_fails_leaves_what_was_good(provider: OpenAiServer, propose: Propose) -> None:
    provider.answers = [lambda asked: answer(*json.loads(good(asked))["rules"], rule("scalar", "/nowhere", "/license"))]
    provider.answers.append("no more")
    draft = await propose()
    assert (len(draft["llm"]["accepted"]), draft["llm"]["reason"], draft["llm"]["calls"]) == (3, "PROVIDER_ANSWER_UNREADABLE", 2)
    assert [one["rule"]["source"] for one in draft["llm"]["refused"]] == ["/nowhere"]


async def test_the_second_file_of_a_shape_costs_no_call(hub: Hub, tenant: Tenant, provider: OpenAiServer, propose: Propose) -> None:
    provider.answers = [good]
    await do(hub, tenant.admin, "imports.commit", {"draft_id": (await propose())["draft_id"]})
    before = len(provider.asked)
    changed = TEXT.replace("0.91", "0.77")
    draft = await propose(changed)
    assert len(provider.asked) == before
    assert (draft["mapped_by"], draft["llm"], draft["remembered"]["mapped_by"]) == ("memory", None, "llm")
    assert {one["name"]: one["value"] for one in draft["document"]["metrics"]} == {"roc_auc": 0.83, "accuracy": 0.77}


async def test_without_a_named_model_one_that_writes_text_is_chosen(provider: OpenAiServer, propose: Propose) -> None:
    draft = await propose(llm_model=None)
    assert draft["llm"]["model"] == "gpt-test"


async def test_several_models_are_asked_about_before_any_language_model_is(provider: OpenAiServer, propose: Propose) -> None:
    draft = await propose(json.dumps({"models": {"rf": {"auc": 0.8, "f1": 0.5}, "xgb": {"auc": 0.9, "f1": 0.6}}}))
    assert (draft["llm"]["reason"], draft["llm"]["calls"], provider.asked) == ("SEVERAL_MODELS", 0, [])


async def test_a_draft_is_shown_to_a_language_model_later_too(hub: Hub, tenant: Tenant, provider: OpenAiServer, propose: Propose, connector: str) -> None:
    draft = await do(hub, tenant.admin, "imports.propose", {"name": "modell.json", "text": TEXT})
    provider.answers = [good]
    asked = {"draft_id": draft["draft_id"], "connector_id": connector, "llm_model": "gpt-test", "agreed": True}
    await do(hub, tenant.admin, "imports.setSharing", {"shows": "vocabulary"})
    revised = await do(hub, tenant.admin, "imports.revise", asked)
    assert (revised["mapped_by"], revised["draft_id"]) == ("llm", draft["draft_id"])


async def test_a_disabled_connector_is_told_and_an_import_needs_the_permission_to_use_one(
    hub: Hub, tenant: Tenant, propose: Propose, connector: str, provider: OpenAiServer
) -> None:
    await do(hub, tenant.admin, "connectors.disable", {"connector_id": connector})
    draft = await propose()
    assert (draft["llm"]["reason"], draft["llm"]["connector"], provider.asked) == ("CONNECTOR_DISABLED", "Models", [])
    viewer = tenant.acting_as(Role.VIEWER)
    with pytest.raises(Forbidden):
        await do(hub, viewer, "imports.propose", {"text": TEXT, "connector_id": connector})
