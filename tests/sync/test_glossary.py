"""docs/glossary.md: one word for one thing."""

import re
from pathlib import Path

PAGE = (Path(__file__).parents[2] / "docs" / "glossary.md").read_text()
WORDS = re.findall(r"^\| \*\*(.+?)\*\* \| \S.*\S \|$", PAGE, re.MULTILINE)


def test_every_word_is_there_once_and_easily_found():
    assert sorted(set(WORDS)) == WORDS


def test_every_kind_of_message_part_has_its_word():
    assert {"batch", "digest", "epoch", "event", "head", "holding", "mark", "nonce", "parcel", "payload"} <= set(WORDS)
