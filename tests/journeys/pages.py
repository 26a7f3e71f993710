"""Every page of the console, as its router lists them: a new page joins the tests by itself."""

import json
from typing import Any

from tests.journeys.browser import Tab
from tests.support.product import GROUP, Product

MODEL = "credit_scoring"
REVIEWED = {"model_name": "Pages", "classifier_type": "LogisticRegression", "metrics": {"test_roc_auc": 0.8, "precision": "0,71"}, "house_number": 7}
"""A file whose review has a value of each kind: read, in doubt, without a place."""


async def every_page(tab: Tab, product: Product) -> dict[str, str]:
    """A name and an address for each of the router's paths; its placeholders are filled from the demo."""
    page = await tab.open("/")
    paths: list[str] = await page.evaluate("Object.keys(window.__TSR_ROUTER__.routesByPath)")
    draft = await _draft(product)
    return {_name(path): _filled(path, draft) for path in sorted(paths) if path != "/sign-in"}


def _filled(path: str, draft: str) -> str:
    steps = ["groups", "models", "import"]
    known = dict(zip(steps, [("$slug", GROUP), ("$slug", MODEL), ("$draft", draft)], strict=True))
    placeholder, value = known.get(path.split("/")[1], ("", ""))
    filled = path.replace(placeholder, value) if placeholder else path
    assert "$" not in filled, f"say in tests/journeys/pages.py what the placeholder of {path} is in the demo"
    return filled


def _name(path: str) -> str:
    return "-".join(step.lstrip("$") for step in path.split("/") if step) or "hub"


async def _draft(product: Product) -> str:
    async with product.client() as http:
        file = ("pages.json", json.dumps(REVIEWED).encode(), "application/json")
        answer: Any = (await http.post("/rpc/imports.propose", files={"file": file})).json()
    draft: str = answer["result"]["data"]["draft_id"]
    return draft
