"""Decodes the bytes of an input into the handler's typed argument, with JSON pointers to errors."""

import re
from typing import Any

import msgspec

from backend.errors import Invalid
from rpc.core.errors import MalformedRequest
from rpc.core.forms import FormData
from rpc.core.integers import Unsafe, conform, has_big, has_long_number
from schemas.common import SAFE, Issue

ADDED_BY_CLIENTS = frozenset({"cursor", "direction", "lastEventId"})
"""Fields that clients add by themselves: infinite queries the first two, subscriptions the last."""

Raw = msgspec.Raw | bytes | FormData | None
"""An input as received: JSON, octets, a form, or nothing."""

_NUL = b"\\u0000"
_UNSAFE = f"Expected `int` between -{SAFE} and {SAFE}"
_AT = re.compile(r"^(?P<what>.*?) - at `(?P<place>[^`]*)`(?: in `(?P<inside>[^`]*)`)?$", re.DOTALL)
_STEP = re.compile(r"\.(?P<field>[^.\[]+)|\[(?P<index>\d+|\.\.\.)\]")
_FIELD = re.compile(r"(?:required|unknown) field `(?P<field>[^`]*)`")


class JsonInput:
    """Decodes one procedure's JSON input."""

    def __init__(self, shape: Any) -> None:
        """`shape` is the annotation of the handler's input."""
        self.shape = shape
        self._decoder = msgspec.json.Decoder(shape)
        self._info = info = msgspec.inspect.type_info(shape)
        self._big = has_big(info)
        self.nullable = _nullable(info)
        structs = _structs(info)
        fields = {f.encode_name for struct in structs for f in struct.fields}
        self.objects_only = bool(structs) and len(structs) == len(_members(info))
        self._surplus = ADDED_BY_CLIENTS - fields if structs else frozenset[str]()
        self._empty = len(structs) == 1 and not any(f.required for f in structs[0].fields)

    @property
    def optional(self) -> bool:
        """Return whether the caller may leave the input out."""
        return self.nullable or self._empty

    def decode(self, raw: Raw) -> Any:
        """Return the typed input. Raises Invalid, with the pointer to the error."""
        if raw is None:
            return self._absent()
        if not isinstance(raw, msgspec.Raw):
            raise MalformedRequest("this procedure takes a JSON input: send `content-type: application/json`")
        try:
            return self._decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise MalformedRequest(f"the input is not JSON: {error}") from error

    def _decode(self, raw: msgspec.Raw) -> Any:
        if _NUL in bytes(raw):
            _refuse_nul(msgspec.json.decode(raw))
        if self._big or has_long_number(bytes(raw)):
            raw = self._conformed(raw)
        try:
            return self._decoder.decode(raw)
        except msgspec.ValidationError as error:
            return self._without_surplus(raw, error)

    def _absent(self) -> Any:
        if self.nullable:
            return None
        if self._empty:
            return self._decoder.decode(b"{}")
        raise Invalid("this procedure needs an input. Send it as JSON", issues=[Issue(pointer="", message="an input is required")])

    def _conformed(self, raw: msgspec.Raw) -> msgspec.Raw:
        loose = msgspec.json.decode(raw)
        try:
            conformed = conform(loose, self._info, "in")
        except Unsafe as error:
            raise Invalid(f"{_UNSAFE} (at {error.pointer})", issues=[Issue(pointer=error.pointer, message=_UNSAFE)]) from error
        return msgspec.Raw(msgspec.json.encode(conformed)) if self._big else raw

    def _without_surplus(self, raw: msgspec.Raw, error: msgspec.ValidationError) -> Any:
        loose = msgspec.json.decode(raw)
        if not isinstance(loose, dict) or self._surplus.isdisjoint(loose):
            raise invalid(error) from error
        kept = {name: value for name, value in loose.items() if name not in self._surplus}
        try:
            return self._decoder.decode(msgspec.json.encode(kept))
        except msgspec.ValidationError as second:
            raise invalid(second) from second


def _refuse_nul(value: Any) -> None:
    """Raise Invalid with the place of the first NUL: PostgreSQL stores no NUL in a text."""
    if (pointer := _nul_in(value, "")) is not None:
        raise Invalid(
            f"a text contains a NUL character, which cannot be stored (at {pointer})", issues=[Issue(pointer=pointer, message="NUL cannot be stored")]
        )


def _nul_in(value: Any, pointer: str) -> str | None:
    if isinstance(value, str):
        return pointer if "\0" in value else None
    if isinstance(value, dict):
        if any("\0" in name for name in value):
            return pointer
        inner = ((f"{pointer}/{_escape(name)}", item) for name, item in value.items())
    elif isinstance(value, list):
        inner = ((f"{pointer}/{at}", item) for at, item in enumerate(value))
    else:
        return None
    return next((found for place, item in inner if (found := _nul_in(item, place)) is not None), None)


class FormInput:
    """Takes the form unchanged."""

    optional = False

    def decode(self, raw: Raw) -> FormData:
        """Return the form. Raises MalformedRequest for anything else."""
        if not isinstance(raw, FormData):
            raise MalformedRequest("this procedure takes a form: send `content-type: multipart/form-data`")
        return raw


class EitherInput(JsonInput):
    """Takes its shape as JSON, or as a form with the shape's fields. A file gives a field's bytes, and the field `name` when that is left out."""

    def decode(self, raw: Raw) -> Any:
        """Return the typed input. Raises Invalid, with the pointer to the error."""
        if not isinstance(raw, FormData):
            return super().decode(raw)
        given: dict[str, Any] = {name: value for name, value in raw.fields.items() if value != ""}
        _refuse_nul(given)
        for field, file in raw.files.items():
            given[field] = file.content
            given.setdefault("name", file.filename)
        try:
            return msgspec.convert(given, self.shape, strict=False)
        except msgspec.ValidationError as error:
            raise invalid(error) from error


class OctetInput:
    """Takes the body unchanged."""

    optional = False

    def decode(self, raw: Raw) -> bytes:
        """Return the bytes. Raises MalformedRequest for anything else."""
        if not isinstance(raw, bytes):
            raise MalformedRequest("this procedure takes bytes: send `content-type: application/octet-stream`")
        return raw


def invalid(error: msgspec.ValidationError) -> Invalid:
    """Return msgspec's message as an issue: `… - at `$.members[0].share`` becomes an issue at `/members/0/share`."""
    found = _AT.match(str(error))
    what, place = (found["what"], found["inside"] or found["place"]) if found else (str(error), "$")
    pointer = "".join(f"/{_escape(step)}" for step in _steps(place))
    if field := _FIELD.search(what):
        pointer += f"/{_escape(field['field'])}"
    return Invalid(f"{what} (at {pointer})" if pointer else what, issues=[Issue(pointer=pointer, message=what)])


def _steps(place: str) -> list[str]:
    steps: list[str] = []
    for step in _STEP.finditer(place):
        if step["index"] == "...":  # a mapping's value: msgspec does not tell its key, so the pointer stops at the mapping
            break
        steps.append(step["field"] or step["index"])
    return steps


def _escape(step: str) -> str:
    return step.replace("~", "~0").replace("/", "~1")


def _members(info: msgspec.inspect.Type) -> list[msgspec.inspect.Type]:
    if isinstance(info, msgspec.inspect.Metadata):
        return _members(info.type)
    members = list(info.types) if isinstance(info, msgspec.inspect.UnionType) else [info]
    return [m for m in members if not isinstance(m, msgspec.inspect.NoneType)]


def _structs(info: msgspec.inspect.Type) -> list[msgspec.inspect.StructType]:
    return [m for m in _members(info) if isinstance(m, msgspec.inspect.StructType)]


def _nullable(info: msgspec.inspect.Type) -> bool:
    if isinstance(info, msgspec.inspect.Metadata):
        return _nullable(info.type)
    return isinstance(info, msgspec.inspect.NoneType) or (isinstance(info, msgspec.inspect.UnionType) and info.includes_none)
