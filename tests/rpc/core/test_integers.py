"""Integers: what JavaScript holds exactly is a number, what it would round is a string, and a type says beforehand which."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Literal

import httpx
import msgspec
import pytest

from backend.access.permissions import P
from backend.errors import Invalid
from rpc.core import Ctx, Router, Tracked
from rpc.core.contract.generate import generate, write
from rpc.core.contract.typescript import NoContract
from rpc.core.http import RpcApp
from rpc.core.integers import Unsafe
from schemas.common import SAFE, BigInt, Json, Shape
from tests.rpc.contract.test_python_client import load
from tests.support.node import Driver
from tests.support.serving import serving
from tests.support.typescript import new_project, node, tsc
from tests.support.wire.app import BareHost

Context = Ctx[Any, Any]
LONG = 2**53 + 1


class Circle(Shape, frozen=True, kw_only=True, tag="circle", tag_field="kind"):
    """Round."""

    points: BigInt


class Line(Shape, frozen=True, kw_only=True, tag="line", tag_field="kind"):
    """Straight."""

    points: int


class Counted(Shape, frozen=True, kw_only=True):
    """One field of each sort."""

    small: int
    big: BigInt
    none: BigInt | None = None
    seven: BigInt = 7
    mean: float = 0.5
    either: int | float = 0
    bigs: list[BigInt] = []
    by_name: dict[str, Annotated[BigInt, msgspec.Meta(ge=0)]] = {}
    pair: tuple[BigInt, int] | None = None
    figure: Circle | Line | None = None
    inner: "Counted | None" = None
    anything: Json = None


root = Router("")


@root.query(permission=P.ANYONE)
async def echo(ctx: Context, input: Counted) -> Counted:
    """What was sent."""
    assert isinstance(input.big, int)
    return input


@root.mutation(permission=P.ANYONE, audited=False)
async def double(ctx: Context, input: int) -> int:
    """Twice as much."""
    return input * 2


@root.query(permission=P.ANYONE)
async def powers(ctx: Context, input: BigInt) -> AsyncIterator[BigInt]:
    """It and its square."""
    yield input
    yield input * input


@root.subscription(permission=P.ANYONE)
async def growing(ctx: Context) -> AsyncIterator[Tracked[BigInt]]:
    """A small one and a long one."""
    yield Tracked("1", 1)
    yield Tracked("2", LONG)


procedures = dict(root.procedures())


def sent(**fields: Any) -> Any:
    """What the official client would get for a Counted."""
    return msgspec.json.decode(procedures["echo"].output.encode(Counted(**{"small": 1, "big": 2, **fields})))


def taken(**fields: Any) -> Counted:
    decoded: Counted = procedures["echo"].input.decode(msgspec.Raw(msgspec.json.encode({"small": 1, "big": "2", **fields})))  # type: ignore[union-attr]
    return decoded


@pytest.mark.parametrize("value", [0, -1, 42, SAFE, LONG, -LONG, 2**63 - 1, -(2**63)])
def test_a_big_integer_is_always_sent_as_a_string_and_comes_back_as_it_was(value: int) -> None:
    fields: Any = {"big": value, "none": value, "bigs": [value, 1], "by_name": {"a": abs(value) % 2**62}, "pair": (value, 1), "figure": Circle(points=value)}
    told = sent(**fields, inner=Counted(small=1, big=value))
    assert (told["big"], told["none"], told["seven"], told["bigs"], told["pair"]) == (str(value), str(value), "7", [str(value), "1"], [str(value), 1])
    assert (told["figure"]["points"], told["by_name"], told["inner"]["big"]) == (str(value), {"a": str(abs(value) % 2**62)}, str(value))
    assert taken(**told) == Counted(small=1, **fields, inner=Counted(small=1, big=value))


def test_a_program_that_has_long_integers_may_send_them_as_they_are() -> None:
    assert taken(big=LONG).big == LONG


@pytest.mark.parametrize(
    ("fields", "pointer"),
    [
        ({"small": LONG}, "/small"),
        ({"pair": (1, -LONG)}, "/pair/1"),
        ({"figure": Line(points=LONG)}, "/figure/points"),
        ({"inner": Counted(small=2**60, big=1)}, "/inner/small"),
    ],
)
def test_a_long_integer_where_an_int_is_declared_is_refused_on_the_way_in_and_a_fault_on_the_way_out(fields: dict[str, Any], pointer: str) -> None:
    with pytest.raises(Unsafe, match=pointer):
        sent(**fields)
    with pytest.raises(Invalid) as refused:
        taken(**fields)
    assert [(issue.pointer, issue.message) for issue in refused.value.issues] == [(pointer, f"Expected `int` between -{SAFE} and {SAFE}")]


def test_what_no_big_integer_is_is_told_with_its_place() -> None:
    with pytest.raises(Invalid) as refused:
        taken(big="1.5")
    assert refused.value.issues[0].pointer == "/big"


def test_any_json_and_floats_keep_their_types() -> None:
    told = sent(anything={"a/b": [LONG, 1]}, mean=float(2**60), either=SAFE)
    assert (told["anything"], told["mean"], told["either"]) == ({"a/b": [str(LONG), 1]}, 2.0**60, SAFE)
    assert sent(mean=2**60)["mean"] == 2.0**60
    assert isinstance(sent(either=2**60)["either"], float)
    assert taken(mean=100000000000000000000, anything=LONG).anything == LONG, "JavaScript writes 1e20 like this"


async def test_the_official_client_gets_what_its_types_say() -> None:
    async with serving(RpcApp(root, BareHost())) as port:
        js = await Driver.start(f"http://127.0.0.1:{port}")
        try:
            asked = "{ small: 1, big: '9007199254740993', anything: { n: 1 } }"
            for way in ("single()", "batched().client", "streamed().client"):
                told = await js.run(f"return await {way}.echo.query({asked})")
                assert (told["small"], told["big"], told["seven"]) == (1, "9007199254740993", "7")
            assert await js.run("return await single().double.mutate(4503599627370495)") == SAFE - 1
            with pytest.raises(AssertionError, match="Something went wrong inside"):
                await js.run("return await single().double.mutate(9007199254740991)")
            with pytest.raises(AssertionError, match="between"):
                await js.run("return await single().double.mutate(9007199254740992)")
            assert await js.run("const all = []; for await (const one of await streamed().client.powers.query('3037000499')) all.push(one); return all") == [
                "3037000499",
                "9223372030926249001",
            ]
            heard = "const live = listen(subscribing().growing); await until(() => live.heard.data.length === 2); return live.heard.data"
            assert [one["data"] for one in await js.run(heard)] == ["1", str(LONG)]
        finally:
            await js.stop()


USE = """
import type { Counted, CountedInput, RouterInputs, RouterOutputs } from './contract/router.js';
import type { inputs } from './contract/zod.js';
import type * as z from 'zod';

export const given: CountedInput = { small: 1, big: '9007199254740993' };
export const big: string = (null as unknown as Counted).big;
export const none: string | null = (null as unknown as RouterOutputs['echo']).none;
export const doubled: number = (null as unknown as RouterOutputs['double']);
export const start: RouterInputs['powers'] = '1';
export const checked: z.output<typeof inputs.powers> = '1';
// @ts-expect-error a big integer is no number
export const wrong: CountedInput = { small: 1, big: 2 };
// @ts-expect-error nor is an int a string
export const other: RouterInputs['double'] = '1';
"""


def test_the_generated_types_schemas_and_checks_say_the_same(tmp_path: Path) -> None:
    project = new_project(tmp_path)
    write(root, project / "contract")
    (project / "use.ts").write_text(USE)
    assert tsc(project, "use.ts") == ""
    checks = [("echo", {"small": 1, "big": "5"}, True), ("echo", {"small": 1, "big": 5}, False), ("echo", {"small": LONG, "big": "5"}, False)]
    checks += [("double", SAFE, True), ("double", SAFE + 1, False), ("powers", "-9", True), ("powers", "9.5", False)]
    cases = msgspec.json.encode([(path, value) for path, value, _ in checks]).decode()
    script = f"import {{ inputs }} from './contract/zod.js'; console.log(JSON.stringify({cases}.map(([path, value]) => inputs[path].safeParse(value).success)))"
    assert node(project, script) == [fits for _, _, fits in checks]
    document = msgspec.json.decode(generate(root)["contract.json"])
    fields = document["$defs"]["output"]["Counted"]["properties"]
    assert fields["small"] == {"type": "integer", "minimum": -SAFE, "maximum": SAFE}
    assert fields["seven"] == {"type": "string", "format": "int64", "pattern": r"^-?\d{1,19}$", "default": "7"}
    assert msgspec.json.decode(generate(root)["openapi.json"])["components"]["schemas"]["Counted"]["properties"]["big"]["type"] == "string"
    assert 'A 64-bit integer, as a string.\n   * @default "7"' in generate(root)["router.d.ts"]


async def test_the_python_client_takes_either_and_gets_strings(tmp_path: Path) -> None:
    text = generate(root)["python/tiltyard_client.py"]
    assert "big: str | int" in text
    client = load("integers_client", text, tmp_path)
    async with serving(RpcApp(root, BareHost())) as port, client.AsyncTiltyard(f"http://127.0.0.1:{port}", http=httpx.AsyncClient(trust_env=False)) as hub:
        for big in (LONG, str(LONG)):
            assert (await hub.echo(small=1, big=big))["big"] == str(LONG)


@pytest.mark.parametrize(
    "shape",
    [Annotated[int, msgspec.Meta(le=2**53)], Annotated[int, msgspec.Meta(ge=0, lt=2**62)], list[Annotated[int, msgspec.Meta(ge=-(2**53))]], Literal[1, 2**60]],
)
def test_a_declaration_of_an_int_that_can_pass_2_to_the_53_does_not_start(shape: Any) -> None:
    router = Router("")

    async def get(ctx: Context) -> Any:
        """A number."""

    get.__annotations__["return"] = shape
    router.query(permission=P.ANYONE)(get)
    with pytest.raises(NoContract, match="2\\^53"):
        RpcApp(router, BareHost())
