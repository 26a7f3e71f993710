import json
import threading
from collections import Counter
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec
import pytest

from demo.dataset import INPUTS, Clients, load
from demo.hub import Hub, Refused, Stopped
from demo.requests import BATCH, body, first_pass, replay
from schemas.inference import PredictBody


@pytest.fixture(scope="module")
def traffic() -> Clients:
    return load()[1]


def test_the_first_pass_asks_about_each_client_once(traffic: Clients) -> None:
    calls = first_pass(traffic, 20_000)
    asked = Counter(position for call in calls for position in call.clients)
    assert len(asked) == 20_000
    assert set(asked.values()) == {1}
    assert sum(len(call.clients) for call in calls if call.batch) == 2_000
    assert max(len(call.clients) for call in calls) == BATCH


def test_every_request_is_one_the_endpoint_takes_and_reads_no_segment_as_input(traffic: Clients) -> None:
    for call in first_pass(traffic, 2_000):
        parsed = msgspec.json.decode(json.dumps(body(traffic, call)), type=PredictBody)
        rows = parsed.inputs if isinstance(parsed.inputs, list) else [parsed.inputs]
        assert all(tuple(row) == INPUTS for row in rows)
        assert set(parsed.segments) == {"sex", "education", "age_band"}
        assert (parsed.entity_key is None) == call.batch


def test_a_batch_is_of_clients_of_the_same_segments(traffic: Clients) -> None:
    batches = [call for call in first_pass(traffic, 20_000) if call.batch]
    assert all(traffic.segments(position) == traffic.segments(call.clients[0]) for call in batches for position in call.clients)


def test_a_replay_is_marked_as_one_and_repeats_no_mark(traffic: Clients) -> None:
    calls = replay(traffic, "x")
    marks = [next(calls).mark for _ in range(45_000)]
    assert len(set(marks)) == 45_000
    assert all(mark.startswith("replay-x-") for mark in marks)


class Door(BaseHTTPRequestHandler):
    """Answers as a hub that starts up, refuses, or is gone."""

    protocol_version = "HTTP/1.1"
    answers: Iterator[tuple[int, object]]

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        status, content = next(self.answers)
        if status == 0:
            self.close_connection = True
            return
        data = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:
        pass


@pytest.fixture
def door() -> Iterator[ThreadingHTTPServer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


def client(door: ThreadingHTTPServer, *answers: tuple[int, object], stop: threading.Event | None = None) -> Hub:
    Door.answers = iter(answers)
    return Hub(f"http://127.0.0.1:{door.server_address[1]}", "t", stop or threading.Event())


def test_a_hub_that_restarts_is_waited_for(door: ThreadingHTTPServer) -> None:
    hub = client(door, (503, {"error": {}}), (0, None), (200, {"result": {"data": 7}}))
    assert hub.mutate("groups.create") == 7


def test_a_refusal_says_why_and_where(door: ThreadingHTTPServer) -> None:
    told = {"code": "BAD_REQUEST", "reason": "INVALID_INPUTS", "message": "No.", "issues": [{"pointer": "/inputs/pay_1", "message": "is text"}]}
    hub = client(door, (422, {"error": told}))
    with pytest.raises(Refused, match=r"422 INVALID_INPUTS: No\. \(/inputs/pay_1: is text\)"):
        hub.post("/v1/groups/x/predict", {})


def test_a_procedures_refusal_says_why(door: ThreadingHTTPServer) -> None:
    hub = client(door, (404, {"error": {"message": "There is no such thing here.", "code": -32004, "data": {"code": "NOT_FOUND", "reason": "NOT_FOUND"}}}))
    with pytest.raises(Refused, match="404 NOT_FOUND: There is no such thing here"):
        hub.mutate("groups.get", slug="x")


def test_a_stop_ends_the_wait_for_a_hub_that_is_gone() -> None:
    stop = threading.Event()
    threading.Timer(0.3, stop.set).start()
    with pytest.raises(Stopped):
        Hub("http://127.0.0.1:9", "t", stop).post("/v1/outcomes", {})
