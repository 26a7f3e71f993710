"""An example file, and the text that a language model would see of it at a level not chosen yet."""

from typing import Final

from backend.importing import reading_steps
from backend.importing.llm import assistance
from backend.importing.opened_file import opened
from backend.importing.speech import Speech
from schemas.import_sharing import ShowExample, ShownExample

EXAMPLE: Final = """\
{
  "modellname": "Kreditausfall Q3",
  "algorithm": "lightgbm",
  "ansprechpartner": {"jane.doe@example.com": "Risk"},
  "guete": {"test": {"roc_auc": 0.871, "trefferquote": 0.79}},
  "merkmale": [{"name": "einkommen", "typ": "zahl"}, {"name": "schufa_1042", "typ": "zahl"}],
  "filialen": {"Berlin": 4211, "Hamburg": 1873},
  "stichtag": "2026-06-30"
}"""
"""A file as a team writes it: headings that the hub does not know, and an address and a contact that must stay inside."""


async def shown_example(input: ShowExample) -> ShownExample:
    """Return the example file, and the exact text that would leave the hub."""
    async with opened(EXAMPLE.encode(), None) as file:
        state = await file.ask(reading_steps.understand_alone, len(file.content), None, None)
        shown = await assistance.show(file, state, "example.json", Speech(input.shows, input.short_words))
    return ShownExample(file=EXAMPLE, text=shown.text or "", instructions=shown.instructions)
