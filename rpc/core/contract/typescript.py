"""Python shapes as TypeScript types, read with msgspec's inspection."""

import json
import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal, get_args, get_origin

import msgspec
from msgspec import inspect as mi

from schemas.common import BIG, SAFE

Direction = Literal["in", "out"]

_TYPESCRIPT_TYPES: dict[type[mi.Type], str] = {
    mi.NoneType: "null",
    mi.BoolType: "boolean",
    mi.IntType: "number",
    mi.FloatType: "number",
    mi.StrType: "string",
    mi.BytesType: "string",
    mi.ByteArrayType: "string",
    mi.MemoryViewType: "string",
    mi.DateTimeType: "string",
    mi.DateType: "string",
    mi.TimeType: "string",
    mi.TimeDeltaType: "string",
    mi.UUIDType: "string",
    mi.DecimalType: "string",
}
_IDENTIFIER = re.compile(r"^[A-Za-z_$][\w$]*$", re.ASCII)
_SEQUENCES = (mi.ListType, mi.SetType, mi.FrozenSetType, mi.VarTupleType, mi.CollectionType)
_LIMITS = {"ge": "minimum", "gt": "exclusiveMinimum", "le": "maximum", "lt": "exclusiveMaximum", "multiple_of": "multipleOf"}
_LENGTHS = {"min_length": "minLength", "max_length": "maxLength", "pattern": "pattern"}


class NoContract(TypeError):
    """A type that has no TypeScript counterpart, or two shapes of one name."""


class Names:
    """The named types of a contract: each Struct and Enum once, or twice when input and output differ."""

    def __init__(self) -> None:
        self.declarations: dict[str, str] = {}
        self._owners: dict[str, object] = {}
        self._ways: dict[object, set[Direction]] = {}
        self._structs: dict[object, mi.StructType] = {}

    def survey(self, annotation: Any, way: Direction) -> mi.Type:
        """Record the parts of a type. Every type is surveyed before the first is written, because a name depends on its uses."""
        info = mi.type_info(annotation)
        self._survey(info, way)
        return info

    def write(self, info: mi.Type, way: Direction) -> str:
        """Return the type as TypeScript, and declare the types it names."""
        return self._write(info, way)

    def claim(self, name: str, owner: object) -> None:
        """Claim a name. Raises NoContract when something else has it."""
        if self._owners.setdefault(name, owner) is not owner and self._owners[name] != owner:
            raise NoContract(f"two things are called {name} in the contract: {self._owners[name]!r} and {owner!r}; rename one")

    @property
    def owners(self) -> Mapping[str, object]:
        """Return the owner of each name: a class, a generic shape, or a word of our own."""
        return self._owners

    def _survey(self, info: mi.Type, way: Direction) -> None:
        if isinstance(info, mi.StructType):
            ways = self._ways.setdefault(info.cls, set())
            if way in ways:
                return
            ways.add(way)
            self._structs[info.cls] = info
        for part in parts(info):
            self._survey(part, way)

    def _write(self, info: mi.Type, way: Direction) -> str:
        if plain := _TYPESCRIPT_TYPES.get(type(info)):
            return plain
        if isinstance(info, mi.Metadata):
            return "string" if (info.extra or {}).get(BIG) else self._write(info.type, way)
        if isinstance(info, mi.AnyType | mi.RawType):
            return "unknown" if way == "in" else "Json"
        if isinstance(info, mi.LiteralType):
            return " | ".join(json.dumps(value) for value in info.values)
        if isinstance(info, mi.UnionType):
            return " | ".join(dict.fromkeys(self._write(member, way) for member in info.types))
        if isinstance(info, mi.EnumType):
            return self._enum(info)
        if isinstance(info, mi.StructType):
            return self._struct(info, way)
        return self._compound(info, way)

    def _compound(self, info: mi.Type, way: Direction) -> str:
        if isinstance(info, _SEQUENCES):
            item = self._write(info.item_type, way)
            return f"({item})[]" if " | " in item else f"{item}[]"
        if isinstance(info, mi.TupleType):
            return f"[{', '.join(self._write(item, way) for item in info.item_types)}]"
        if isinstance(info, mi.DictType):
            return f"{{ [key: string]: {self._write(info.value_type, way)} }}"
        if isinstance(info, mi.DataclassType):
            fields = "; ".join(f"{key(f.encode_name)}: {self._write(f.type, way)}" for f in info.fields)
            return f"{{ {fields} }}"
        raise NoContract(f"{info!r} has no TypeScript counterpart")

    def _enum(self, info: mi.EnumType) -> str:
        name = info.cls.__name__
        self.claim(name, info.cls)
        values = " | ".join(json.dumps(member.value) for member in info.cls)
        self.declarations[name] = f"{jsdoc(info.cls.__doc__)}export type {name} = {values};\n"
        return name

    def _struct(self, info: mi.StructType, way: Direction) -> str:
        name = struct_name(info.cls)
        if way == "in" and self._ways[info.cls] == {"in", "out"} and self._differs(info, set()):
            name += "Input"
        self.claim(name, info.cls)
        if name not in self.declarations:
            self.declarations[name] = ""  # its own name may appear within
            tag = [f"  {info.tag_field}: {json.dumps(info.tag)};\n"] if info.tag_field else []
            body = "".join([*tag, *(self._field(field, way) for field in info.fields)])
            doc = (get_origin(info.cls) or info.cls).__doc__
            self.declarations[name] = f"{jsdoc(doc)}export interface {name} {{\n{body}}}\n"
        return name

    def _field(self, field: mi.Field, way: Direction) -> str:
        written = self._write(field.type, way)
        optional = way == "in" and not field.required
        mark, undefined = ("?", " | undefined") if optional and written != "unknown" else ("?", "") if optional else ("", "")
        return f"{jsdoc(describe(field), '  ')}  {key(field.encode_name)}{mark}: {written}{undefined};\n"

    def _differs(self, info: mi.Type, seen: set[object]) -> bool:
        """Return whether the type differs as an input: it contains a default, or arbitrary JSON."""
        if isinstance(info, mi.AnyType | mi.RawType):
            return True
        if isinstance(info, mi.StructType):
            if info.cls in seen:
                return False
            seen.add(info.cls)
            if not all(field.required for field in info.fields):
                return True
        return any(self._differs(part, seen) for part in parts(info))


def parts(info: mi.Type) -> list[mi.Type]:
    """Return the direct parts of a type."""
    if isinstance(info, mi.Metadata):
        return [info.type]
    if isinstance(info, mi.UnionType):
        return list(info.types)
    if isinstance(info, _SEQUENCES):
        return [info.item_type]
    if isinstance(info, mi.TupleType):
        return list(info.item_types)
    if isinstance(info, mi.DictType):
        return [info.key_type, info.value_type]
    if isinstance(info, mi.StructType | mi.DataclassType):
        return [field.type for field in info.fields]
    return []


def struct_name(cls: Any) -> str:
    """Return a struct's name: `Page[Model]` becomes `PageOfModel`."""
    origin = get_origin(cls)
    if origin is Annotated:
        return "BigInt" if any((one.extra or {}).get(BIG) for one in get_args(cls)[1:]) else struct_name(get_args(cls)[0])
    if origin is None:
        return str(cls.__name__)
    return f"{origin.__name__}Of{'And'.join(struct_name(argument) for argument in get_args(cls))}"


def key(name: str) -> str:
    """Return a field's name, quoted if JavaScript requires it."""
    return name if _IDENTIFIER.match(name) else json.dumps(name)


def jsdoc(text: str | None, indent: str = "") -> str:
    """Return a docstring as JSDoc, or nothing."""
    lines = [line.strip() for line in (text or "").strip().replace("*/", "*\\/").splitlines()]
    if not lines:
        return ""
    if len(lines) == 1:
        return f"{indent}/** {lines[0]} */\n"
    return f"{indent}/**\n" + "".join(f"{indent} * {line}".rstrip() + "\n" for line in lines) + f"{indent} */\n"


def describe(field: mi.Field) -> str:
    """Return a field's description, constraints and default, one per line."""
    lines: list[str] = []
    info, big = field.type, False
    while isinstance(info, mi.Metadata | mi.UnionType):
        if isinstance(info, mi.Metadata):
            lines += [str((info.extra_json_schema or {}).get("description", ""))]
            if (info.extra or {}).get(BIG):
                big, lines = True, [*lines, "A 64-bit integer, as a string."]
            info = info.type
            continue
        members = [member for member in info.types if not isinstance(member, mi.NoneType)]
        if len(members) != 1:
            break
        info = members[0]
    for attribute, word in (_LIMITS | _LENGTHS).items():
        limit = getattr(info, attribute, None)
        if limit is not None and limit not in (SAFE, -SAFE):  # a limit of every integer is not repeated for each
            lines.append(f"@{word} {limit}")
    if field.default is not msgspec.NODEFAULT and field.default is not None:
        default = msgspec.json.encode(field.default).decode()
        lines.append(f"@default {json.dumps(default) if big else default}")
    return "\n".join(line for line in lines if line)
