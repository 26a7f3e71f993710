"""The Zod schemas take what the hub takes, refuse what it refuses, and have the types of the router."""

import json
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec
import pytest

from backend.access.permissions import P
from rpc.core import Ctx, Router
from rpc.core.contract.generate import generate, write
from rpc.root import root
from schemas.common import Shape
from tests.support.typescript import new_project, node, tsc


class Round(Shape, frozen=True, kw_only=True, tag="round", tag_field="kind"):
    """A circle."""

    radius: Annotated[float, msgspec.Meta(gt=0, le=10)]


class Square(Shape, frozen=True, kw_only=True, tag="square", tag_field="kind"):
    """A square."""

    side: Annotated[int, msgspec.Meta(ge=1, multiple_of=2)]


class Tree(Shape, frozen=True, kw_only=True):
    """A shape that holds itself."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=3)]
    children: list["Tree"] = []
    next: "Tree | None" = None


class Everything(Shape, frozen=True, kw_only=True):
    """One field of each sort."""

    shape: Round | Square
    tree: Tree | None = None
    pair: tuple[int, str] = (1, "a")
    counts: dict[str, int] = {}
    anything: Any = None
    slug: Annotated[str, msgspec.Meta(pattern="^[a-z]+$")] = "a"
    some: Annotated[list[bool], msgspec.Meta(min_length=1, max_length=2)] = msgspec.field(default_factory=lambda: [True])
    mode: Literal["x", "y"] | None = "x"
    number: int | str = 3
    wire_name: int = msgspec.field(default=1, name="wire-name")


async def take(ctx: Ctx[Any, Any], input: Everything) -> None:
    """Takes everything."""


everything = Router()
everything.mutation(permission=P.ANYONE, audited=False)(take)

ROUND = {"shape": {"kind": "round", "radius": 1.5}}
INPUTS: list[Any] = [
    ROUND,
    {"shape": {"kind": "square", "side": 2}},
    {"shape": {"kind": "square", "side": 3}},
    {"shape": {"kind": "oval", "side": 2}},
    {"shape": {"kind": "round", "radius": 0}},
    {"shape": {"kind": "round", "radius": 10.5}},
    {"shape": {"radius": 1}},
    {},
    None,
    {**ROUND, "extra": 1},
    {**ROUND, "tree": None},
    {**ROUND, "tree": {"name": "😀😀😀", "children": [{"name": "b"}]}},
    {**ROUND, "tree": {"name": "😀😀😀😀"}},
    {**ROUND, "tree": {"name": "", "children": []}},
    {**ROUND, "tree": {"name": "a", "children": [{"name": "b", "children": [{"nam": "c"}]}]}},
    {**ROUND, "pair": [1, "a"]},
    {**ROUND, "pair": [1]},
    {**ROUND, "pair": None},
    {**ROUND, "counts": {"a": 1}},
    {**ROUND, "counts": {"a": "1"}},
    {**ROUND, "anything": [{"deep": None}]},
    {**ROUND, "slug": "Abc"},
    {**ROUND, "some": []},
    {**ROUND, "some": [True, False, True]},
    {**ROUND, "mode": None},
    {**ROUND, "mode": "z"},
    {**ROUND, "number": "text"},
    {**ROUND, "number": 1.5},
    {**ROUND, "wire-name": 7},
    {**ROUND, "wire_name": 7},
]


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """What Zod says of every input."""
    project = new_project(tmp_path_factory.mktemp("zod"))
    write(everything, project)
    script = """import { inputs } from './zod.js'; import { readFileSync } from 'node:fs';
const all = JSON.parse(readFileSync('inputs.json', 'utf8'));
const told = (r) => (r.success ? { data: r.data } : { paths: r.error.issues.map((issue) => issue.path) });
console.log(JSON.stringify(all.map((one) => told(inputs.take.safeParse(one)))));
"""
    (project / "inputs.json").write_text(json.dumps(INPUTS))
    found: list[dict[str, Any]] = node(project, script)
    return found


@pytest.mark.parametrize("number", range(len(INPUTS)))
def test_a_form_is_right_exactly_when_the_hub_would_take_it(judged: list[dict[str, Any]], number: int) -> None:
    sent = INPUTS[number]
    try:
        taken = msgspec.convert(sent, Everything)
    except msgspec.ValidationError:
        assert "paths" in judged[number], sent
    else:
        assert "data" in judged[number], (sent, judged[number])
        filled = msgspec.convert(judged[number]["data"], Everything)
        assert filled == taken


def test_what_is_wrong_is_told_where_it_is(judged: list[dict[str, Any]]) -> None:
    wrong = INPUTS.index({**ROUND, "tree": {"name": "a", "children": [{"name": "b", "children": [{"nam": "c"}]}]}})
    assert ["tree", "children", 0, "children", 0, "name"] in judged[wrong]["paths"]


def test_a_shape_that_holds_itself_is_typed(tmp_path: Path) -> None:
    project = new_project(tmp_path / "project")
    write(everything, project)
    (project / "use.ts").write_text(
        """import { inputs } from './zod.js';
export const deep: string | undefined = inputs.take.parse(null).tree?.children?.[0]?.next?.name;
// @ts-expect-error a name is text
export const wrong: number | undefined = inputs.take.parse(null).tree?.next?.name;
"""
    )
    assert tsc(project, "use.ts") == ""


def test_the_types_of_the_schemas_are_those_of_the_router(tmp_path: Path) -> None:
    project = new_project(tmp_path / "project")
    write(root, project / "contract")
    paths = [path for path, procedure in json.loads(generate(root)["contract.json"])["procedures"].items() if "input" in procedure]
    reach = {path: "".join(f"['{step}']" for step in path.split(".")) for path in paths}
    lines = "".join(f"fits<RouterInputs{steps}, z.input<(typeof inputs)['{path}']>>();\n" for path, steps in reach.items())
    (project / "use.ts").write_text(
        f"""import type {{ z }} from 'zod';
import type {{ RouterInputs }} from './contract/router.js';
import {{ inputs }} from './contract/zod.js';
const fits = <A, B extends A>(): [A?, B?] => [];
{lines}
// @ts-expect-error a number is no text
fits<{{ slug: number }}, z.input<(typeof inputs)['groups.get']>>();
"""
    )
    assert len(paths) > 20
    assert tsc(project, "use.ts", exactOptionalPropertyTypes=False) == ""
