"""The documents tell the truth: what they name exists, and what can fail has its row."""

import importlib
import pkgutil
import re
from pathlib import Path

import catalog
import edge
import provisioning
import sync
from catalog.fault import Fault

ROOT = Path(__file__).parent.parent
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)")
CODE_PATH = re.compile(r"`((?:catalog|sync|edge|provisioning|tests)/[\w./-]+\.(?:py|txt|md|html|css|js))`")
TARGET = re.compile(r"`make ([a-z-]+)")


def every_module() -> list[str]:
    floors = (catalog, sync, edge, provisioning)
    return [
        found.name
        for floor in floors
        for found in pkgutil.walk_packages(floor.__path__, f"{floor.__name__}.")
        if not found.name.endswith("__main__")
    ]


def faults() -> set[type[Fault]]:
    for name in every_module():
        importlib.import_module(name)

    def below(kind: type[Fault]) -> set[type[Fault]]:
        return {kind}.union(*(below(one) for one in kind.__subclasses__()))

    return below(Fault) - {Fault}


def test_every_fault_has_its_row_in_the_runbook() -> None:
    rows = (ROOT / "docs/runbook.md").read_text()

    missing = sorted(fault.__name__ for fault in faults() if f"| `{fault.__name__}` |" not in rows)

    assert missing == []


def test_the_runbook_has_no_row_for_what_cannot_happen() -> None:
    named = set(re.findall(r"^\| `(\w+)` \|", (ROOT / "docs/runbook.md").read_text(), re.MULTILINE))

    assert sorted(named - {fault.__name__ for fault in faults()}) == []


def test_links_between_documents_lead_somewhere() -> None:
    broken = [
        f"{document.name}: {target}"
        for document in DOCUMENTS
        for target in LINK.findall(document.read_text())
        if not (document.parent / target).exists()
    ]

    assert broken == []


def test_files_named_in_documents_exist() -> None:
    missing = [
        f"{document.name}: {path}"
        for document in DOCUMENTS
        for path in CODE_PATH.findall(document.read_text())
        if not (ROOT / path).exists()
    ]

    assert missing == []


def test_make_targets_named_in_documents_exist() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    missing = [
        f"{document.name}: make {target}"
        for document in DOCUMENTS
        for target in TARGET.findall(document.read_text())
        if target not in targets
    ]

    assert missing == []
