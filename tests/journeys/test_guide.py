"""The guide's own commands, run as they stand."""

import os
import re
import subprocess
import sys

import pytest

from tests.support.product import ROOT, Product

GUIDE = ROOT / "docs" / "guide"
RUN = {"python": [sys.executable, "-"], "bash": ["bash", "-euo", "pipefail"]}
PAGES = ["getting-started", "inference"]


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_the_guide_works_as_it_stands(product: Product, page: str) -> None:
    blocks = re.findall(r"^```(python|bash)\n(.*?)^```", (GUIDE / f"{page}.md").read_text(), re.MULTILINE | re.DOTALL)
    assert blocks
    given = os.environ | {"TILTYARD_URL": product.ready["url"], "TILTYARD_TOKEN": product.ready["token"]}
    for language, code in blocks:
        done = subprocess.run(RUN[language], input=code, cwd=ROOT, env=given, capture_output=True, text=True, check=False, timeout=60)
        assert done.returncode == 0, f"{page}.md:\n{code}\n{done.stdout}\n{done.stderr}"
