"""Typed procedures over tRPC v11's wire: declaration, the call pipeline, the wire, and the generated contract."""

from rpc.core.context import Ctx, Host, Request, Tracked
from rpc.core.forms import File, FormData
from rpc.core.router import Router

__all__ = ["Ctx", "File", "FormData", "Host", "Request", "Router", "Tracked"]
