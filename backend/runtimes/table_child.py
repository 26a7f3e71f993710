"""The child process that compiles a large model's tables. It loads the checked artifact and explains a row; the tables are stored beside the file.

Run by path through `python -I`. Standard input is one line of JSON, `{kind, path, sha256, use, background}` (`background` is its shape [b, f], or null), and
then the background's numbers (float64).
"""

import json
import sys
from pathlib import Path


def main() -> None:
    """Compile, and write nothing to standard output. An error ends the process with a traceback."""
    line, _, numbers = sys.stdin.buffer.read().partition(b"\n")
    sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
    import numpy as np  # noqa: PLC0415  found only now: -I leaves the checkout out

    from backend.runtimes.protocol import Use  # noqa: PLC0415  likewise
    from backend.runtimes.registry import load_runtime  # noqa: PLC0415  likewise

    request = json.loads(line)
    runtime = load_runtime(request["kind"], Path(request["path"]), request["sha256"], Use(**request["use"]))
    background = None if request["background"] is None else np.frombuffer(numbers).reshape(request["background"])
    runtime.explain(np.zeros((1, len(runtime.features))), background)


if __name__ == "__main__":
    main()
