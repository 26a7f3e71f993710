"""The guide's own commands, run as they stand."""

import os
import re
import subprocess
import sys

import pytest

from tests.support.product import ROOT, TILTYARD, Product

DOCS = ROOT / "docs"
RUN = {"python": [sys.executable, "-"], "bash": ["bash", "-euo", "pipefail"]}
PAGES = ["guide/getting-started", "guide/groups", "guide/inference", "runbooks/halt", "runbooks/log-lag", "runbooks/redis-down", "runbooks/postgres-down"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_works_as_it_stands(product: Product, page: str) -> None:
    blocks = re.findall(r"^```(python|bash)\n(.*?)^```", (DOCS / f"{page}.md").read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    path = f"{TILTYARD.parent}{os.pathsep}{os.environ['PATH']}"
    where = {"TILTYARD_URL": product.ready["url"], "TILTYARD_DATA_DIR": str(product.folder / "data")}
    given = os.environ | where | {"TILTYARD_TOKEN": product.ready["token"], "TILTYARD_SOLO": "1", "PATH": path}
    for language, code in blocks:
        done = subprocess.run(RUN[language], input=code, cwd=ROOT, env=given, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, f"{page}.md:\n{code}\n{done.stdout}\n{done.stderr}"
