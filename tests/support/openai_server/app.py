"""The server as an ASGI application: authentication, faults, and endpoints."""

import time
from typing import Any

import httpx2
import msgspec

from tests.support.openai_server import answers
from tests.support.openai_server.faults import IN_ANSWER, Fault, Script, commit
from tests.support.openai_server.reply import ApiError, Asked, Dropped, Reply, page, read
from tests.support.openai_server.tuning import Tuning

START = 1_800_000_000
MODELS = {"gpt-test": None, "gpt-test-mini": None, "gpt-test-old": "2027-03-31"}
"""Each model and the day it is shut down."""


class OpenAiServer:
    """One provider. `asked` keeps every request; `keys` are those it accepts (none: any)."""

    def __init__(self, keys: set[str] | None = None, speed: float = 0.0) -> None:
        """`speed`: seconds of the server's time for each real one; 0 stands still until `advance`."""
        self.keys = keys or set()
        self.asked: list[Asked] = []
        self.scripts: list[Script] = []
        self.answers: list[answers.Answer] = []
        self.tuning = Tuning()
        self._speed = speed
        self._begun = time.monotonic()
        self._advanced = 0.0

    @property
    def now(self) -> float:
        return START + self._advanced + self._speed * (time.monotonic() - self._begun)

    def advance(self, seconds: float) -> None:
        self._advanced += seconds

    def fail(self, fault: Fault, **options: Any) -> None:
        """Script a fault; see Script."""
        self.scripts.append(Script(fault=fault, **options))

    def transport(self) -> httpx2.AsyncBaseTransport:
        """Return a transport for requests within this process."""
        return InProcess(self)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        asked = await read(scope, receive)
        self.asked.append(asked)
        try:
            reply = await self._answer(asked)
        except ApiError as error:
            reply = error.reply
        await reply.send(send, f"req_{len(self.asked)}")

    async def _answer(self, asked: Asked) -> Reply:
        if asked.path.startswith("/control/"):
            return self._control(asked)
        script = self._next_script(asked)
        if script is not None and script.fault not in IN_ANSWER:
            return await commit(script, asked)
        if not asked.key:
            raise ApiError(401, "You didn't provide an API key.")
        if self.keys and asked.key not in self.keys:
            raise ApiError(401, f"Incorrect API key provided: {asked.key[:8]}***{asked.key[-4:]}.", code="invalid_api_key")
        return self._route(asked, script.fault if script else None)

    def _next_script(self, asked: Asked) -> Script | None:
        for script in self.scripts:
            if asked.path.startswith(script.path):
                script.times -= 1
                if script.times <= 0:
                    self.scripts.remove(script)
                return script
        return None

    def _route(self, asked: Asked, fault: Fault | None) -> Reply:
        match (asked.method, *asked.path.removeprefix("/v1/").split("/")):
            case ("GET", "models"):
                return Reply({"object": "list", "data": [self._model(name) for name in self._models()]})
            case ("GET", "models", name) if name in self._models():
                return Reply(self._model(name))
            case ("POST", "chat", "completions"):
                return answers.chat(self._known_model(asked), self.answers, fault, int(self.now), len(self.asked))
            case ("POST", "responses"):
                return answers.responses(self._known_model(asked), self.answers, fault, int(self.now), len(self.asked))
            case ("POST", "messages"):
                return answers.messages(asked, self.answers, fault, int(self.now), len(self.asked))
            case ("POST", "files"):
                return self.tuning.upload(asked, self.now)
            case ("GET", "files"):
                return Reply(page([about for about, _ in self.tuning.files.values()], asked.query, 10_000))
            case (_, "files", file_id, *tail):
                return self.tuning.file(asked, file_id, "/".join(tail))
            case ("POST", "fine_tuning", "jobs"):
                return self.tuning.create(self._known_model(asked), self.now)
            case ("GET", "fine_tuning", "jobs"):
                return self.tuning.listed(asked, self.now)
            case (_, "fine_tuning", "jobs", job_id, *tail):
                return self.tuning.job(asked, job_id, "/".join(tail), self.now)
        raise ApiError(404, f"Invalid URL ({asked.method} {asked.path})")

    def _models(self) -> dict[str, str | None]:
        return MODELS | dict.fromkeys(self.tuning.models(self.now))

    def _model(self, name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "created": START, "owned_by": "test", "shutdown_date": self._models()[name]}

    def _known_model(self, asked: Asked) -> Asked:
        if (name := asked.json.get("model")) not in self._models():
            raise ApiError(404, f"The model `{name}` does not exist or you do not have access to it.", code="model_not_found")
        return asked

    def _control(self, asked: Asked) -> Reply:
        match asked.path.removeprefix("/control/"):
            case "faults":
                self.scripts.append(msgspec.convert(asked.json, Script))
            case "clock":
                self.advance(float(asked.json["advance"]))
            case "answers":
                self.answers.append(str(asked.json["answer"]))
            case _:
                raise ApiError(404, "There are /control/faults, /control/clock and /control/answers.")
        return Reply({"now": self.now, "faults": len(self.scripts), "answers": len(self.answers)})


class InProcess(httpx2.AsyncBaseTransport):
    """The server without a socket; dropped connections are dropped here too."""

    def __init__(self, server: OpenAiServer) -> None:
        self._asgi = httpx2.ASGITransport(app=server)

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        try:
            return await self._asgi.handle_async_request(request)
        except Dropped:
            raise httpx2.RemoteProtocolError("Server disconnected without sending a response.") from None
