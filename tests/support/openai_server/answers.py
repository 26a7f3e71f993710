"""Chat completions, responses and Anthropic's messages: a model's answers, whole or as a stream."""

import json
from collections.abc import Callable
from typing import Any

from tests.support.openai_server.faults import Fault
from tests.support.openai_server.reply import ApiError, Asked, Reply, event
from tests.support.openai_server.strict import instance, lint

Answer = str | Callable[[Asked], str]
"""The model's next answer: text, or made from the request."""


class Said:
    """One turn of the model."""

    def __init__(self, text: str, fault: Fault | None, max_tokens: int | None, prompt: str) -> None:
        self.refused = fault is Fault.REFUSAL
        self.cut = fault is Fault.LENGTH or (max_tokens is not None and len(text) > 4 * max_tokens)
        limit = len(text) // 2 if fault is Fault.LENGTH else 4 * (max_tokens or len(text))
        self.text = '{"nothing": "as asked for"}' if fault is Fault.WRONG_SHAPE else text[:limit]
        self.tokens = (len(prompt) // 4 + 1, len(self.text) // 4 + 1)

    @property
    def pieces(self) -> list[str]:
        return [self.text[at : at + 12] for at in range(0, len(self.text), 12)]


def say(asked: Asked, answers: list[Answer], fault: Fault | None, schema: dict[str, Any] | None, max_tokens: int | None, prompt: str) -> Said:
    """Return the next scripted answer; else an instance of the schema; else an echo."""
    if answers:
        scripted = answers.pop(0)
        text = scripted if isinstance(scripted, str) else scripted(asked)
    else:
        text = json.dumps(instance(schema)) if schema else f"You said: {prompt[-200:]}"
    return Said(text, fault, max_tokens, prompt)


def schema_of(form: Any) -> dict[str, Any] | None:
    """The schema asked for, linted as strict mode does."""
    if not isinstance(form, dict) or form.get("type") != "json_schema":
        return None
    inner = form.get("json_schema", form)
    if inner.get("strict"):
        lint(inner.get("schema"), inner.get("name", ""))
    schema: dict[str, Any] = inner["schema"]
    return schema


def chat(asked: Asked, answers: list[Answer], fault: Fault | None, now: int, number: int) -> Reply:
    body = asked.json
    if not body.get("messages"):
        raise ApiError(400, "[] is too short - 'messages'", param="messages")
    prompt = "\n".join(str(message.get("content")) for message in body["messages"])
    limit = body.get("max_completion_tokens", body.get("max_tokens"))
    said = say(asked, answers, fault, schema_of(body.get("response_format")), limit, prompt)
    head = {"id": f"chatcmpl-{number}", "created": now, "model": body["model"]}
    finish = "length" if said.cut else "stop"
    refusal = "I'm sorry, I can't help with that." if said.refused else None
    usage = {"prompt_tokens": said.tokens[0], "completion_tokens": said.tokens[1], "total_tokens": sum(said.tokens)}
    if body.get("stream"):
        return _chat_stream(head, said, finish, usage if (body.get("stream_options") or {}).get("include_usage") else None)
    message = {"role": "assistant", "content": None if said.refused else said.text, "refusal": refusal}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": finish}
    return Reply({**head, "object": "chat.completion", "choices": [choice], "usage": usage})


def _chat_stream(head: dict[str, Any], said: Said, finish: str, usage: dict[str, int] | None) -> Reply:
    def chunk(delta: dict[str, Any], done: str | None = None) -> bytes:
        return event({**head, "object": "chat.completion.chunk", "choices": [{"index": 0, "delta": delta, "finish_reason": done}]})

    chunks = [chunk({"role": "assistant", "content": ""}), *(chunk({"content": piece}) for piece in said.pieces), chunk({}, finish)]
    if usage:
        chunks.append(event({**head, "object": "chat.completion.chunk", "choices": [], "usage": usage}))
    return Reply(chunks=[*chunks, event(b"[DONE]")], kind="text/event-stream")


def responses(asked: Asked, answers: list[Answer], fault: Fault | None, now: int, number: int) -> Reply:
    body = asked.json
    prompt = body["input"] if isinstance(body.get("input"), str) else json.dumps(body.get("input"))
    schema = schema_of((body.get("text") or {}).get("format"))
    said = say(asked, answers, fault, schema, body.get("max_output_tokens"), prompt)
    content = {"type": "refusal", "refusal": "I can't help with that."} if said.refused else {"type": "output_text", "text": said.text, "annotations": []}
    item = {"id": f"msg_{number}", "type": "message", "role": "assistant", "status": "incomplete" if said.cut else "completed", "content": [content]}
    whole = {
        "id": f"resp_{number}", "object": "response", "created_at": now, "model": body["model"], "status": item["status"], "error": None,
        "incomplete_details": {"reason": "max_output_tokens"} if said.cut else None, "instructions": body.get("instructions"), "output": [item],
        "parallel_tool_calls": True, "tool_choice": "auto", "tools": [], "temperature": 1.0, "top_p": 1.0, "metadata": {},
        "usage": {"input_tokens": said.tokens[0], "input_tokens_details": {"cached_tokens": 0, "cache_write_tokens": 0}, "output_tokens": said.tokens[1],
                  "output_tokens_details": {"reasoning_tokens": 0}, "total_tokens": sum(said.tokens)},
    }  # fmt: skip
    return _response_stream(whole, item, said) if body.get("stream") else Reply(whole)


def _response_stream(whole: dict[str, Any], item: dict[str, Any], said: Said) -> Reply:
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    place = {"item_id": item["id"], "output_index": 0, "content_index": 0}
    empty = {"type": "output_text", "text": "", "annotations": []}
    steps: list[tuple[str, dict[str, Any]]] = [
        ("response.created", {"response": begun}),
        ("response.output_item.added", {"output_index": 0, "item": {**item, "status": "in_progress", "content": []}}),
        ("response.content_part.added", {**place, "part": empty}),
        *(("response.output_text.delta", {**place, "delta": piece, "logprobs": []}) for piece in said.pieces),
        ("response.output_text.done", {**place, "text": said.text, "logprobs": []}),
        ("response.content_part.done", {**place, "part": item["content"][0]}),
        ("response.output_item.done", {"output_index": 0, "item": item}),
        ("response.incomplete" if said.cut else "response.completed", {"response": whole}),
    ]
    chunks = [event({"type": name, "sequence_number": number, **data}, name) for number, (name, data) in enumerate(steps)]
    return Reply(chunks=chunks, kind="text/event-stream")


def messages(asked: Asked, answers: list[Answer], fault: Fault | None, now: int, number: int) -> Reply:
    """Anthropic's own endpoint."""
    body = asked.json
    if "anthropic-version" not in asked.headers:
        raise ApiError(400, "anthropic-version: header is required")
    if not body.get("max_tokens"):
        raise ApiError(400, "max_tokens: Field required")
    form = (body.get("output_config") or {}).get("format")
    said = say(asked, answers, fault, schema_of(form), body["max_tokens"], str(body["messages"][-1]["content"]))
    stop = "refusal" if said.refused else "max_tokens" if said.cut else "end_turn"
    content = [] if said.refused else [{"type": "text", "text": said.text}]
    usage = {"input_tokens": said.tokens[0], "output_tokens": said.tokens[1]}
    head = {"id": f"msg_{number}", "type": "message", "role": "assistant", "model": body["model"]}
    return Reply({**head, "content": content, "stop_reason": stop, "stop_sequence": None, "usage": usage})
