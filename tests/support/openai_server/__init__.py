"""A server that speaks OpenAI's API, faithfully where it matters and with no model behind it: for tests, and to try connectors offline.

In a test: `server = OpenAiServer()` and `server.transport()`. As a process: `python -m tests.support.openai_server --port 8000`, then a connector of the
provider `compatible` at `http://127.0.0.1:8000/v1` with any key (the hub started with `TILTYARD_PRIVATE_HOSTS=127.0.0.1:8000`).

A process is steered by `POST /control/faults` (a `Script`), `/control/clock` (`{"advance": seconds}`) and `/control/answers` (`{"answer": "…"}`).
"""

from tests.support.openai_server.app import OpenAiServer
from tests.support.openai_server.faults import Fault, Script

__all__ = ["Fault", "OpenAiServer", "Script"]
