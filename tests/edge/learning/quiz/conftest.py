"""Nouns of the quizzes' tests: a quiz with a question of each kind, and ways to find parts of a page."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from catalog.manifest import Release
from catalog.questions.bank import Bank
from edge.box import Box
from edge.people.people import Person

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
WATER = f"""<?xml version="1.0" encoding="UTF-8"?><quiz>
<question type="multichoice"><name><text>hole</text></name>
<questiontext format="html"><text><![CDATA[<p>From which hole
does the water push out hardest?</p><p><img src="@@PLUGINFILE@@/tank.png" alt="A tall tank"></p>]]></text>
<file name="tank.png" path="/" encoding="base64">{PIXEL}</file></questiontext><single>true</single>
<answer fraction="0" format="html"><text>Near the top</text>
<feedback format="html"><text>Less water above it.</text></feedback></answer>
<answer fraction="100" format="html"><text>Near the floor</text>
<feedback format="html"><text>SECRET-PRAISE</text></feedback></answer>
</question>
<question type="multichoice"><name><text>wet</text></name>
<questiontext format="html"><text>What is wet?</text></questiontext>
<single>false</single><answer fraction="50"><text>Rain</text></answer>
<answer fraction="50"><text>The sea</text></answer>
<answer fraction="-100"><text>Sand</text></answer></question>
<question type="truefalse"><name><text>up</text></name>
<questiontext format="html"><text>Water runs uphill.</text></questiontext>
<answer fraction="0"><text>true</text></answer><answer fraction="100"><text>false</text></answer></question>
<question type="matching"><name><text>match</text></name>
<questiontext format="html"><text>Which capital?</text></questiontext>
<subquestion format="html"><text>Oman</text><answer><text>Muscat</text></answer></subquestion>
<subquestion format="html"><text>Qatar</text><answer><text>Doha</text></answer></subquestion></question>
<question type="ordering"><name><text>order</text></name>
<questiontext format="html"><text>What comes first?</text></questiontext>
<answer fraction="1"><text>Cloud</text></answer><answer fraction="2"><text>Rain</text></answer>
<answer fraction="3"><text>River</text></answer></question>
<question type="numerical"><name><text>number</text></name>
<questiontext format="html"><text>How deep?</text></questiontext>
<answer fraction="100"><text>1234.5</text><tolerance>0.5</tolerance></answer></question>
<question type="shortanswer"><name><text>short</text></name>
<questiontext format="html"><text>Water as air?</text></questiontext>
<answer fraction="100"><text>SECRET-steam</text></answer></question>
<question type="cloze"><name><text>gaps</text></name>
<questiontext format="html"><text><![CDATA[<p>It {{1:SHORTANSWER:=boils}}
at {{1:NUMERICAL:=100:0}} and is {{1:MULTICHOICE:ice~=vapour}} then.</p>]]></text></questiontext></question>
</quiz>"""
ESSAY = "::Why:: Why does it rain? {}\n\n::Fact:: Rain is wet. {T}\n"


@pytest.fixture
def water_quiz(box: Box, shelve: Callable[..., Release], tmp_path: Path) -> Release:
    """A quiz with a question of each kind that the box marks itself."""
    (tmp_path / "quiz.xml").write_text(WATER)
    return shelve(box, "water", [tmp_path / "quiz.xml"], title="Water quiz")


@pytest.fixture
def essay_quiz(box: Box, shelve: Callable[..., Release], tmp_path: Path) -> Release:
    """A quiz with an essay."""
    (tmp_path / "rain.txt").write_text(ESSAY)
    return shelve(box, "rain", [tmp_path / "rain.txt"], title="Rain")


@pytest.fixture
def learner(phones: Callable[..., Any], amina: Person) -> Any:
    """Amina's phone, signed in."""
    phone = phones("10.0.0.4")
    phone.sends("/sign-in/number", number="D-1042", pin="4719")
    return phone


@pytest.fixture
def bank(box: Box, water_quiz: Release) -> Bank:
    return Bank.from_bytes((box.shelf.tree("water") / "quiz" / "~quiz.json").read_bytes())
