"""The Open Inference Protocol, version 2: what its clients send and read. Fields nobody here knows are allowed: clients add their own."""

from typing import Annotated, Any, Literal

import msgspec

from schemas.common import Json

Datatype = Literal["BOOL", "INT8", "INT16", "INT32", "INT64", "UINT8", "UINT16", "UINT32", "UINT64", "FP16", "FP32", "FP64", "BYTES"]
Parameters = dict[str, Any]


class InputTensor(msgspec.Struct, frozen=True, kw_only=True):
    """One input. Its values are in `data`, flat or nested, or behind the JSON: then `parameters.binary_data_size` says how many bytes."""

    name: str
    shape: list[int]
    datatype: Datatype
    parameters: Parameters | None = None
    data: list[Any] | None = None


class WantedOutput(msgspec.Struct, frozen=True, kw_only=True):
    """An output asked for; `parameters.binary_data` asks for it behind the JSON."""

    name: str
    parameters: Parameters | None = None


class InferRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request for predictions, one a row."""

    inputs: Annotated[list[InputTensor], msgspec.Meta(min_length=1)]
    id: str | None = None
    parameters: Parameters | None = None
    outputs: list[WantedOutput] | None = None


class OutputTensor(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One output; `data` is flat, row after row, and absent where the values follow the JSON."""

    name: str
    shape: list[int]
    datatype: Datatype
    parameters: Parameters | None = None
    data: list[Any] | None = None


class InferResponse(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The answer. `model_version` is absent where several versions answered a batch."""

    model_name: str
    outputs: list[OutputTensor]
    model_version: str | None = None
    id: str | None = None
    parameters: Parameters | None = None


class TensorMetadata(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What an input or an output looks like; -1 is any number of rows. `parameters` of the score say what it means, by version."""

    name: str
    datatype: Datatype
    shape: list[int]
    parameters: dict[str, str] | None = None


class ModelMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """What a group takes and gives."""

    name: str
    versions: list[str]
    platform: str
    inputs: list[TensorMetadata]
    outputs: list[TensorMetadata]
    parameters: Json = None


class ServerMetadata(msgspec.Struct, frozen=True, kw_only=True):
    """Who answers."""

    name: str
    version: str
    extensions: list[str]
