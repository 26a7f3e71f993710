"""The generated contract: real TypeScript compilers accept what it allows and refuse what it does not."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Annotated, Any

import msgspec
import pytest
from jsonschema import Draft202012Validator

from backend.access.permissions import P
from rpc.core import Ctx, Router
from rpc.core.contract.__main__ import main
from rpc.core.contract.fingerprint import contract_hash
from rpc.core.contract.generate import generate, stale, write
from rpc.core.contract.typescript import NoContract
from schemas.common import Page, Shape
from tests.support.node import FOLDER, install
from tests.support.wire import app as wire_app

Context = Ctx[Any, Any]
OPTIONS = {"strict": True, "noEmit": True, "module": "esnext", "moduleResolution": "bundler", "target": "es2022", "types": []}
LIBRARIES = ["es2022", "dom", "dom.iterable", "dom.asynciterable", "esnext.disposable"]


def tsc(project: Path, compiler: str, *, skip_lib_check: bool) -> str:
    """What the compiler says of the project; nothing when all is well."""
    (project / "tsconfig.json").write_text(
        json.dumps({"compilerOptions": {**OPTIONS, "lib": LIBRARIES, "skipLibCheck": skip_lib_check}, "files": ["use.ts", "contract/contract.test-d.ts"]})
    )
    done = subprocess.run(["node", project / "node_modules" / compiler / "bin" / "tsc", "-p", project], capture_output=True, text=True, check=False)
    return done.stdout + done.stderr


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A TypeScript project that uses the contract of the conformance router."""
    (tmp_path / "node_modules").symlink_to(install() / "node_modules")
    shutil.copy(FOLDER / "use.ts", tmp_path)
    write(wire_app.root, tmp_path / "contract")
    return tmp_path


@pytest.mark.parametrize("compiler", ["typescript", "typescript-7"])
def test_compilers_accept_right_uses_and_refuse_wrong_ones(project: Path, compiler: str) -> None:
    assert tsc(project, compiler, skip_lib_check=False) == ""


def test_a_broken_import_is_noticed_although_library_checks_are_skipped(project: Path) -> None:
    types = project / "contract" / "router.d.ts"
    types.write_text(types.read_text().replace("'@trpc/server'", "'@trpc/no-such-package'"))
    assert "contract.test-d.ts" in tsc(project, "typescript", skip_lib_check=True)


def test_the_same_procedures_give_the_same_bytes() -> None:
    assert generate(wire_app.root) == generate(wire_app.root)


def test_a_changed_file_is_stale(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["--root", "tests.support.wire.app:root", str(tmp_path)]
    assert main(["--check", *arguments]) == 1
    assert main(arguments) == 0
    assert main(["--check", *arguments]) == 0
    (tmp_path / "router.d.ts").write_text("// edited")
    assert stale(wire_app.root, tmp_path) == ["router.d.ts"]
    assert main(["--check", *arguments]) == 1
    assert "make contract" in capsys.readouterr().err


class Ask(Shape, frozen=True, kw_only=True):
    """A question."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=9, description="At most so many.")] = 3
    pattern: Annotated[str, msgspec.Meta(pattern="a*/b")] | None = None
    description: str = ""


def router(*, doc: str = "Asks.", output: Any = Ask) -> Router:
    """A router with one query that takes and gives an Ask."""

    async def ask(ctx: Context, input: Ask) -> Any:
        return input

    ask.__doc__ = doc
    ask.__annotations__["return"] = output
    root = Router()
    root.query(permission=P.ANYONE)(ask)
    return root


def test_a_default_is_optional_on_the_way_in_and_there_on_the_way_out() -> None:
    types = generate(router())["router.d.ts"]
    assert "export interface AskInput {" in types
    assert "  limit?: number | undefined;" in types
    assert "  limit: number;" in types
    assert "ask: Q<AskInput | undefined, Ask>;" in types


def test_words_and_limits_become_jsdoc() -> None:
    types = generate(router(doc="Asks.\n\nTwice."))["router.d.ts"]
    assert "     * Asks.\n     *\n     * Twice.\n" in types
    assert "   * At most so many.\n   * @minimum 1\n   * @maximum 9\n   * @default 3\n" in types
    assert "@pattern a*\\/b" in types


def test_words_do_not_change_the_hash_and_shapes_do() -> None:
    assert contract_hash(router(doc="Asks.")) == contract_hash(router(doc="Asks otherwise."))
    assert contract_hash(router()) != contract_hash(router(output=Page[Ask]))


def test_a_field_called_description_counts_as_a_shape() -> None:
    class Told(Shape, frozen=True, kw_only=True):
        description: str

    class Other(Shape, frozen=True, kw_only=True):
        description: int

    Other.__name__ = Other.__qualname__ = "Told"
    assert contract_hash(router(output=Told)) != contract_hash(router(output=Other))


def test_two_shapes_of_one_name_are_refused() -> None:
    class Other(Shape, frozen=True, kw_only=True):
        text: str

    Other.__name__ = "Ask"
    with pytest.raises(NoContract, match="two shapes are called Ask"):
        generate(router(output=tuple[Ask, Other]))


def test_generic_shapes_get_a_name_of_their_own() -> None:
    assert "export interface PageOfAsk {" in generate(router(output=Page[Ask]))["router.d.ts"]


def test_the_json_schemas_are_schemas_and_hold_the_constraints() -> None:
    document = json.loads(generate(router())["contract.json"])
    Draft202012Validator.check_schema(document)
    given = {**document["procedures"]["ask"]["input"], "$defs": document["$defs"]}
    assert not list(Draft202012Validator(given).iter_errors({}))
    assert [list(e.path) for e in Draft202012Validator(given).iter_errors({"limit": 10})] == [["limit"]]
    taken = {**document["procedures"]["ask"]["output"], "$defs": document["$defs"]}
    assert list(Draft202012Validator(taken).iter_errors({}))
