"""Type checking against a contract of 500 procedures, beside a TypeScript tRPC server with the same procedures and inferred types.

Both projects have the same client code, which calls every tenth procedure. `tsc --noEmit` runs in turn, several rounds; the medians count. The server's own
source is type-checked with its client, as in a monorepo's editor. The last line is JSON.
"""

import argparse
import json
import statistics
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any

import msgspec

from backend.access.permissions import P
from rpc.core import Ctx, Router
from rpc.core.contract.generate import write
from tests.support.typescript import new_project

FIELDS = (
    ("slug", Annotated[str, msgspec.Meta(pattern="^[a-z]+$")]),
    ("count", Annotated[int, msgspec.Meta(ge=0, le=9)]),
    ("share", float | None, None),
    ("tags", list[str], []),
)
SHAPE = "z.object({ slug: z.string().regex(/^[a-z]+$/), count: z.int().min(0).max(9), share: z.number().nullish(), tags: z.array(z.string()).default([]) })"
OPTIONS = {"strict": True, "noEmit": True, "module": "esnext", "moduleResolution": "bundler", "target": "es2022", "types": [], "lib": ["es2022", "dom"]}
PER_ROUTER = 10


def main() -> None:
    """Print both times and their ratio."""
    parser = argparse.ArgumentParser(prog="make bench-contract", description=__doc__)
    parser.add_argument("--procedures", type=int, default=500)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tiltyard-bench-contract-") as folder:
        projects = {"tiltyard": new_project(Path(folder) / "tiltyard"), "inferred": new_project(Path(folder) / "inferred")}
        write(generated(options.procedures), projects["tiltyard"])
        (projects["inferred"] / "router.ts").write_text(handwritten(options.procedures))
        for project in projects.values():
            (project / "use.ts").write_text(use(options.procedures))
        figures = {f"{name}_{compiler}_s": check(project, compiler, options.rounds) for compiler in COMPILERS for name, project in projects.items()}
    for compiler in COMPILERS:
        ours, theirs = figures[f"tiltyard_{compiler}_s"], figures[f"inferred_{compiler}_s"]
        print(f"{compiler:<13} contract {ours:.2f} s   inferred {theirs:.2f} s   {theirs / ours:.1f} x")
    print(json.dumps({"procedures": options.procedures, **figures}))


COMPILERS = ("typescript", "typescript-7")


def generated(count: int) -> Router:
    """Return a root of `count` procedures, each with its own shapes."""
    root = Router()
    for router in range(count // PER_ROUTER):
        inner = Router(f"r{router}")
        for number in range(PER_ROUTER):
            name = f"{router}x{number}"

            async def handler(ctx: Any, input: Any) -> Any:
                return input

            handler.__name__ = f"p{number}"
            shapes = [msgspec.defstruct(f"{way}{name}", FIELDS, frozen=True, kw_only=True) for way in ("Take", "Give")]
            handler.__annotations__ = {"ctx": Ctx[Any, Any], "input": shapes[0], "return": shapes[1]}
            inner.query(permission=P.ANYONE)(handler)
        root.include(inner)
    return root


def handwritten(count: int) -> str:
    """Return the same procedures as a TypeScript server."""
    routers = []
    for router in range(count // PER_ROUTER):
        procedures = "".join(f"    p{number}: t.procedure.input({SHAPE}).output({SHAPE}).query(({{ input }}) => input),\n" for number in range(PER_ROUTER))
        routers.append(f"  r{router}: t.router({{\n{procedures}  }}),\n")
    head = "import { initTRPC } from '@trpc/server';\nimport * as z from 'zod';\nconst t = initTRPC.create();\n"
    return f"{head}export const appRouter = t.router({{\n{''.join(routers)}}});\nexport type AppRouter = typeof appRouter;\n"


def use(count: int) -> str:
    """Return client code: one call of each router."""
    calls = "".join(
        f"export const n{r} = async (): Promise<number> => (await client.r{r}.p3.query({{ slug: 'a', count: 1 }})).count;\n" for r in range(count // 10)
    )
    head = "import { createTRPCClient, httpLink } from '@trpc/client';\nimport type { AppRouter } from './router.js';\n"
    return f"{head}const client = createTRPCClient<AppRouter>({{ links: [httpLink({{ url: '/rpc' }})] }});\n{calls}"


def check(project: Path, compiler: str, rounds: int) -> float:
    """Return the seconds of a type check, the median of some rounds."""
    (project / "tsconfig.json").write_text(json.dumps({"compilerOptions": {**OPTIONS, "skipLibCheck": True}, "files": ["use.ts"]}))
    seconds = []
    for _ in range(rounds):
        started = time.perf_counter()
        subprocess.run(["node", project / "node_modules" / compiler / "bin" / "tsc", "-p", project], check=True)
        seconds.append(time.perf_counter() - started)
    return round(statistics.median(seconds), 3)


if __name__ == "__main__":
    main()
