"""A data scientist brings a file: dropped, looked at, corrected, kept; the next one of its shape is known."""

import json
import re
from typing import Any

import pytest
from playwright.async_api import Page, expect

from tests.journeys.browser import Tab

pytestmark = pytest.mark.asyncio(loop_scope="module")


def churn(name: str, auc: float) -> dict[str, Any]:
    """A file as a team writes it by hand."""
    return {
        "model_name": name,
        "classifier_type": "LogisticRegression",
        "target_column": "churned",
        "feature_columns": ["tenure", "monthly_charges", "contract"],
        "metrics": {"test_roc_auc": auc, "test_accuracy": 0.81, "test_f1": 0.66},
        "house_number": 7,
    }


async def bring(console: Tab, name: str, document: object) -> Page:
    """Choose a file on the import page; the page that shows how it was understood follows."""
    page = await console.open("/import")
    await page.locator('input[type="file"]').set_input_files({"name": name, "mimeType": "application/json", "buffer": json.dumps(document).encode()})
    await expect(page.get_by_role("heading", level=1, name=name)).to_be_visible()
    return page


async def test_a_file_is_understood_side_by_side_and_kept_and_its_shape_is_known_from_then_on(console: Tab) -> None:
    page = await bring(console, "churn.json", churn("Churn by drop", 0.871))
    value = page.get_by_role("row").filter(has_text="/metrics/test_roc_auc").filter(has=page.get_by_text("value", exact=True))
    await expect(value).to_contain_text("0.871")
    await page.get_by_text("Not mapped (").click()
    await expect(page.get_by_text("/house_number", exact=True)).to_be_visible()
    await page.get_by_text("Values (").click()
    await console.assert_accessible()
    await console.picture("import-review")
    await page.get_by_role("button", name="Save as version 1.0.0").click()
    await expect(page.get_by_role("heading", level=1, name="Churn by drop")).to_be_visible()
    await page.get_by_role("link", name="Card").click()
    await expect(page.get_by_text("/metrics/test_roc_auc", exact=True).first).to_be_attached()

    page = await bring(console, "churn-next.json", churn("Churn by drop", 0.884))
    await expect(page.get_by_text("Files of this shape are known")).to_be_visible()
    page = await console.open("/settings/mappings")
    await console.assert_accessible()
    await console.picture("settings-mappings")
    await page.get_by_role("button", name="Forget the mapping of churn.json").click()
    await expect(page.get_by_text("forgotten")).to_be_visible()
    page = await bring(console, "churn-third.json", churn("Churn by drop", 0.9))
    await expect(page.get_by_text("Files of this shape are known")).to_have_count(0)


async def test_a_file_with_several_models_is_asked_about(console: Tab) -> None:
    models = [{"model": "forest", "roc_auc": 0.81, "accuracy": 0.75}, {"model": "logit", "roc_auc": 0.78, "accuracy": 0.74}]
    page = await bring(console, "leaderboard.json", {"results": models})
    await expect(page.get_by_role("heading", name="The file describes 2 models")).to_be_visible()
    await page.get_by_role("button", name="logit").click()
    await expect(page.get_by_role("row").filter(has_text="/results/1/roc_auc").filter(has=page.get_by_text("value", exact=True))).to_contain_text("0.78")
    await expect(page.get_by_text("0.81", exact=True)).to_have_count(0)


async def test_swapped_precision_and_recall_are_caught_and_swapped_back(console: Tab) -> None:
    said = {"name": "Swapped", "metrics": {"precision": 0.5, "recall": 0.8, "tn": 70, "fp": 10, "fn": 20, "tp": 40}}
    page = await bring(console, "swapped.json", said)
    await expect(page.get_by_role("heading", name="Contradictions")).to_be_visible()
    await console.picture("import-contradiction")


async def test_what_is_no_document_is_told_why(console: Tab) -> None:
    page = await console.open("/import")
    await console.assert_accessible()
    await console.picture("import")
    await page.locator('input[type="file"]').set_input_files({"name": "model.pkl", "mimeType": "application/octet-stream", "buffer": b"\x80\x04\x95\x0b\x00"})
    await expect(page.get_by_text("The file was not accepted")).to_be_visible()
    await expect(page.get_by_role("alert").filter(has_text="The file was not accepted")).to_contain_text("pickle")
    console.troubles = [
        trouble for trouble in console.troubles if "imports.propose" not in trouble
    ]  # Chromium reports the refusal, which is the expected answer


async def test_several_models_are_kept_at_once(console: Tab) -> None:
    models = [{"model": "forest", "roc_auc": 0.81}, {"model": "logit", "roc_auc": 0.78}, {"model": "svm", "roc_auc": 0.7}]
    page = await bring(console, "three.json", {"results": models})
    await page.get_by_label("Choose forest").check()
    await page.get_by_label("Choose svm").check()
    await console.assert_accessible()
    await page.get_by_role("button", name="Save the 2 chosen models").click()
    await expect(page.get_by_text("forest").first).to_be_visible()
    await expect(page.get_by_text("svm").first).to_be_visible()


async def test_a_contradiction_offers_its_readings_and_a_list_becomes_features_at_once(console: Tab) -> None:
    said = {"name": "Freight", "task": "regression", "metrics": {"mae": "1,912", "r2": 0.9}, "spalten_liste": ["gewicht", "strecke"]}
    page = await bring(console, "freight.json", said)
    await expect(page.get_by_role("region", name="Understood")).to_contain_text("Freight")
    await page.get_by_role("button", name="Use 1.912").click()
    await expect(page.get_by_role("heading", name="Contradictions")).to_have_count(0)
    await page.get_by_text("Not mapped (").click()
    await page.get_by_role("combobox", name="Place of /spalten_liste in the document").click()
    await page.get_by_role("option", name="These are features", exact=True).click()
    await page.get_by_text("Values (").click()
    await expect(page.get_by_role("row").filter(has_text="/spalten_liste/0")).to_contain_text("gewicht")
    await console.assert_accessible()


async def test_a_contradiction_that_is_decided_is_remembered_with_the_shape(console: Tab) -> None:
    def said(first: float, second: float) -> dict[str, Any]:
        return {"name": "Two figures", "roc_auc": first, "metrics": {"roc_auc": second, "f1": 0.5}}

    page = await bring(console, "two.json", said(0.871, 0.79))
    save = page.get_by_role("button", name=re.compile("^Save as version"))
    await expect(save).to_be_disabled()
    await expect(page.get_by_text("First decide the open questions above.")).to_be_visible()
    for choice in ("Use 0.871", "Use 0.79", "Use neither"):
        await expect(page.get_by_role("button", name=choice, exact=True)).to_be_visible()
    await page.get_by_role("button", name="Use 0.79", exact=True).click()
    await expect(page.get_by_role("region", name="Understood")).to_contain_text("ROC AUC 0.79")
    await save.click()
    await expect(page.get_by_role("heading", level=1, name="Two figures")).to_be_visible()
    page = await bring(console, "two-next.json", said(0.88, 0.8))
    await expect(page.get_by_text("Files of this shape are known")).to_be_visible()
    await expect(page.get_by_role("region", name="Understood")).to_contain_text("ROC AUC 0.8")
    await expect(page.get_by_role("button", name=re.compile("^Save as version"))).to_be_enabled()


async def test_a_file_in_which_nothing_is_recognised_is_mapped_by_hand_with_a_metric_by_a_name_of_ones_own(console: Tab) -> None:
    said = {"q": {"uplift_at_10": 2.41, "Schärfe": "0,58"}, "cols": [{"spalte": "alter"}, {"spalte": "tarif"}]}
    page = await bring(console, "unheard.json", said)
    await expect(page.get_by_text("give its values a place below")).to_be_visible()
    await console.assert_accessible()
    await page.get_by_role("combobox", name="Place of /q/uplift_at_10 in the document").click()
    await page.get_by_role("option", name="Metric “uplift_at_10”", exact=True).click()
    await expect(page.get_by_role("region", name="Understood")).to_contain_text("2.41")
    await page.get_by_text("Not mapped (").click()
    sharp = page.get_by_role("combobox", name="Place of /q/Schärfe in the document")
    await sharp.click()
    await sharp.fill("lift_new_customers")
    await page.get_by_role("option", name="Metric “lift_new_customers”", exact=True).click()
    await expect(page.get_by_role("region", name="Understood")).to_contain_text("Lift new customers 0.58")
    await page.get_by_role("combobox", name="Place of /cols/*/spalte in the document").click()
    await page.get_by_role("option", name="These are features", exact=True).click()
    await expect(page.get_by_role("region", name="Understood")).to_contain_text("2: alter, tarif")
    await page.get_by_role("button", name=re.compile("^Save as version")).click()
    await expect(page.get_by_role("heading", level=1, name="unheard")).to_be_visible()


async def test_of_a_confusion_matrix_the_whole_is_left_out_and_named_so(console: Tab) -> None:
    said = {"name": "Matrix", "metrics": {"precision": 0.62, "recall": 0.55}, "confusion_matrix": [[940, 12], [31, 17]]}
    page = await bring(console, "matrix.json", said)
    await page.get_by_role("button", name="Leave the confusion matrix out").click()
    await expect(page.get_by_role("heading", name="Contradictions")).to_have_count(0)
