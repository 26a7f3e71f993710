"""The server for tests is what the SDK takes for OpenAI: each endpoint is read by the SDK, which checks every field it knows."""

import asyncio
import json
import subprocess
import sys
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import openai
import pytest

from tests.support.openai_server import Fault, OpenAiServer

TURN = [{"role": "user", "content": "Hello"}]
LINES = "\n".join(json.dumps({"messages": [*TURN, {"role": "assistant", "content": "Hi"}]}) for _ in range(12)).encode()
PERSON: dict[str, Any] = {
    "type": "object", "additionalProperties": False, "required": ["name", "age"],
    "properties": {"name": {"type": "string"}, "age": {"type": ["integer", "null"]}},
}  # fmt: skip


@pytest.fixture
async def sdk(provider: OpenAiServer) -> AsyncIterator[openai.AsyncOpenAI]:
    provider.keys = {"sk-test"}
    http = httpx2.AsyncClient(transport=provider.transport())
    async with openai.AsyncOpenAI(api_key="sk-test", base_url="http://test/v1", http_client=http, max_retries=0, _strict_response_validation=True) as client:
        yield client


def form(schema: dict[str, Any]) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "person", "strict": True, "schema": schema}}


async def test_models_are_listed_and_found(sdk: openai.AsyncOpenAI) -> None:
    assert [model.id async for model in sdk.models.list()] == ["gpt-test", "gpt-test-mini", "gpt-test-old"]
    assert (await sdk.models.retrieve("gpt-test-old")).shutdown_date == "2027-03-31"


async def test_a_chat_is_answered_whole_and_as_a_stream(sdk: openai.AsyncOpenAI, provider: OpenAiServer) -> None:
    provider.answers = ["A longer answer, in several pieces.", "A longer answer, in several pieces."]
    whole = await sdk.chat.completions.create(model="gpt-test", messages=TURN)  # type: ignore[arg-type]  # plain dicts do
    assert whole.choices[0].message.content == "A longer answer, in several pieces."
    pieces, usage = [], None
    async for chunk in await sdk.chat.completions.create(model="gpt-test", messages=TURN, stream=True, stream_options={"include_usage": True}):  # type: ignore[call-overload]  # the same
        pieces += [choice.delta.content or "" for choice in chunk.choices]
        usage = chunk.usage or usage
    assert ("".join(pieces), len(pieces) > 3) == ("A longer answer, in several pieces.", True)
    assert usage == whole.usage


async def test_a_response_is_given_whole_and_as_a_stream(sdk: openai.AsyncOpenAI, provider: OpenAiServer) -> None:
    text = {"format": {"type": "json_schema", "name": "person", "strict": True, "schema": PERSON}}
    whole = await sdk.responses.create(model="gpt-test", input="Who?", text=text)  # type: ignore[call-overload]  # plain dicts do
    assert json.loads(whole.output_text) == {"name": "x", "age": None}
    kinds, said = [], ""
    async for event in await sdk.responses.create(model="gpt-test", input="Who?", stream=True):
        kinds.append(event.type)
        said += event.delta if event.type == "response.output_text.delta" else ""
    assert (kinds[0], kinds[-1], said) == ("response.created", "response.completed", "You said: Who?")


async def test_an_answer_longer_than_allowed_is_cut_off(sdk: openai.AsyncOpenAI, provider: OpenAiServer) -> None:
    provider.answers = ["x" * 1000]
    cut = await sdk.chat.completions.create(model="gpt-test", messages=TURN, max_completion_tokens=10)  # type: ignore[arg-type]  # plain dicts do
    assert (cut.choices[0].finish_reason, len(cut.choices[0].message.content or "")) == ("length", 40)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        ({"additionalProperties": True}, "additionalProperties"),
        ({"required": ["name"]}, "Missing 'age'"),
        ({"required": ["name", "age", "extra"]}, "Extra required key"),
        ({"type": "array"}, "schema must be"),
        ({"allOf": []}, "allOf"),
        ({"properties": {"name": {}, "age": {"type": "integer"}}}, "'type' key"),
        ({"properties": {"name": {"type": "array"}, "age": {"type": "integer"}}}, "must be an object"),
        ({"properties": {"name": {"$ref": "#/$defs/none"}, "age": {"type": "integer"}}}, "cannot be resolved"),
        ({"properties": {"name": {"type": "string", "enum": [str(n) for n in range(1001)]}, "age": {"type": "null"}}}, "1001 enum"),
    ],
)
async def test_a_schema_beyond_strict_mode_is_refused(sdk: openai.AsyncOpenAI, change: dict[str, Any], complaint: str) -> None:
    with pytest.raises(openai.BadRequestError, match="Invalid schema") as refused:
        await sdk.chat.completions.create(model="gpt-test", messages=TURN, response_format=form(PERSON | change))  # type: ignore[call-overload]  # plain dicts do
    assert complaint in str(refused.value)


async def test_a_job_goes_through_its_states_as_the_clock_moves(sdk: openai.AsyncOpenAI, provider: OpenAiServer) -> None:
    file = await sdk.files.create(file=("train.jsonl", LINES), purpose="fine-tune")
    assert (await sdk.files.content(file.id)).content == LINES
    job = await sdk.fine_tuning.jobs.create(model="gpt-test", training_file=file.id, suffix="risk")
    states = [job.status]
    for seconds in (11, 20, 3, 10):
        provider.advance(seconds)
        states.append((await sdk.fine_tuning.jobs.retrieve(job.id)).status)
    assert states == ["validating_files", "queued", "running", "running", "succeeded"]
    done = await sdk.fine_tuning.jobs.retrieve(job.id)
    assert done.fine_tuned_model in [model.id async for model in sdk.models.list()]
    events = [event async for event in sdk.fine_tuning.jobs.list_events(job.id, limit=4)]
    assert events[0].message == "The job has successfully completed"
    assert len([event for event in events if event.type == "metrics"]) == 9
    assert len([point async for point in sdk.fine_tuning.jobs.checkpoints.list(job.id)]) == 3
    metrics = (await sdk.files.content(done.result_files[0])).text
    assert metrics.count("\n") == 10


async def test_a_job_is_paused_resumed_and_cancelled(sdk: openai.AsyncOpenAI, provider: OpenAiServer) -> None:
    file = await sdk.files.create(file=("train.jsonl", LINES), purpose="fine-tune")
    job = await sdk.fine_tuning.jobs.create(model="gpt-test", training_file=file.id)
    provider.advance(32)
    sdk._strict_response_validation = False  # the SDK's types leave out the status "paused", which the API has
    assert (await sdk.fine_tuning.jobs.pause(job.id)).status == "paused"
    provider.advance(1000)
    assert (await sdk.fine_tuning.jobs.resume(job.id)).status == "running"
    assert (await sdk.fine_tuning.jobs.cancel(job.id)).status == "cancelled"
    with pytest.raises(openai.BadRequestError, match="already completed"):
        await sdk.fine_tuning.jobs.cancel(job.id)


@pytest.mark.parametrize(
    ("content", "code"), [(b'{"prompt": "x"}\n' * 20, "invalid_training_file"), (LINES[:200], "invalid_training_file"), (b"", "invalid_n_examples")]
)
async def test_a_bad_training_file_fails_the_job_and_says_why(sdk: openai.AsyncOpenAI, provider: OpenAiServer, content: bytes, code: str) -> None:
    file = await sdk.files.create(file=("train.jsonl", content), purpose="fine-tune")
    job = await sdk.fine_tuning.jobs.create(model="gpt-test", training_file=file.id)
    provider.advance(60)
    failed = await sdk.fine_tuning.jobs.retrieve(job.id)
    assert (failed.status, failed.error.code if failed.error else None) == ("failed", code)


async def test_unknown_things_and_wrong_keys_are_refused_in_openais_words(sdk: openai.AsyncOpenAI) -> None:
    with pytest.raises(openai.NotFoundError, match="does not exist"):
        await sdk.chat.completions.create(model="gpt-none", messages=TURN)  # type: ignore[arg-type]  # plain dicts do
    with pytest.raises(openai.BadRequestError, match="does not exist"):
        await sdk.fine_tuning.jobs.create(model="gpt-test", training_file="file-none")
    with pytest.raises(openai.AuthenticationError, match="Incorrect API key"):
        await sdk.with_options(api_key="sk-wrong-wrong-wrong").models.retrieve("gpt-test")


async def test_as_a_process_it_is_steered_over_http() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.openai_server", "--port", "0", "--key", "sk-test", "--speed", "0", stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        url = (await process.stdout.readline()).decode().strip()
        async with httpx2.AsyncClient(base_url=url.removesuffix("/v1"), headers={"authorization": "Bearer sk-test"}, trust_env=False) as http:
            await http.post("/control/faults", json={"fault": Fault.OVERLOADED, "times": 2})
            assert [(await http.get("/v1/models")).status_code for _ in range(3)] == [503, 503, 200]
            before = (await http.post("/control/clock", json={"advance": 0})).json()["now"]
            assert (await http.post("/control/clock", json={"advance": 60})).json()["now"] == before + 60
            await http.post("/control/answers", json={"answer": "scripted"})
            said = await http.post("/v1/chat/completions", json={"model": "gpt-test", "messages": TURN})
            assert said.json()["choices"][0]["message"]["content"] == "scripted"
            await http.post("/control/faults", json={"fault": Fault.DROP})
            with pytest.raises(httpx2.TransportError):
                await http.get("/v1/models")
    finally:
        process.terminate()
        await process.wait()
