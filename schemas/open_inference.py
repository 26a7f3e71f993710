"""The Open Inference Protocol, version 2: the shapes that its clients send and read. Unknown fields are allowed: clients add their own."""

from typing import Annotated, Any, Literal

import msgspec

from schemas.common import Json

Datatype = Literal["BOOL", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "FP16", "FP32", "FP64", "BYTES"]
Parameters = dict[str, Any]


class InputTensor(msgspec.Struct, frozen=True, kw_only=True):
    """One input. Its values are in `data`, flat or nested, or behind the JSON: then `parameters.binary_data_size` is their size in bytes."""

    name: str
    shape: list[int]
    datatype: Datatype
    parameters: Parameters | None = None
    data: list[Any] | None = None


class WantedOutput(msgspec.Struct, frozen=True, kw_only=True):
    """A requested output; with `parameters.binary_data` it comes behind the JSON."""

    name: str
    parameters: Parameters | None = None


class InferRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request for predictions, one per row."""

    inputs: Annotated[list[InputTensor], msgspec.Meta(min_length=1)]
    id: str | None = None
    parameters: Parameters | None = None
    outputs: list[WantedOutput] | None = None


class OutputTensor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One output; `data` is flat, row after row, and absent when the values follow the JSON."""

    name: str
    shape: list[int]
    datatype: Datatype
    parameters: Parameters | None = None
    data: list[Any] | None = None


class InferResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer. `model_version` is absent when several versions answered a batch."""

    model_name: str
    outputs: list[OutputTensor]
    model_version: str | None = None
    id: str | None = None
    parameters: Parameters | None = None


class TensorMetadata(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The form of an input or output; -1 is any number of rows. The score's `parameters` give its meaning, by version."""

    name: str
    datatype: Datatype
    shape: list[int]
    parameters: dict[str, str] | None = None


class ModelMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """A group's inputs and outputs."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]
    parameters: Json = None


class ServerMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """The answering server."""

    name: str
    version: str
    extensions: list[str]
