"""QTI 2.1, 2.2 and 3.0: items kind by kind in both ways of writing, tests, and packages."""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from catalog.fault import ContentFault
from catalog.importers.course import Imported
from catalog.importers.questions.qti2 import Item, normal, read_item
from catalog.importers.xml import parse_xml
from catalog.questions.bank import Bank, why_not
from catalog.questions.marking import mark, right_answer
from catalog.store import Store

Read = Callable[..., Imported]
FIXTURES = Path(__file__).parents[5] / "shared" / "fixtures" / "qti"
MATCH = "http://www.imsglobal.org/question/qti_v2p1/rptemplates/match_correct"
MAP = "http://www.imsglobal.org/question/qti_v2p1/rptemplates/map_response"


def declared(
    *correct: str, name: str = "R", cardinality: str = "single", base: str = "identifier", more: str = ""
) -> str:
    values = "".join(f"<value>{one}</value>" for one in correct)
    return (
        f'<responseDeclaration identifier="{name}" cardinality="{cardinality}" baseType="{base}">'
        f"<correctResponse>{values}</correctResponse>{more}</responseDeclaration>"
    )


def mapping(more: str = "", **worth: str) -> str:
    entries = "".join(f'<mapEntry mapKey="{key}" mappedValue="{value}"{more}/>' for key, value in worth.items())
    return f"<mapping defaultValue='0'>{entries}</mapping>"


def item(responses: str, body: str, template: str = MATCH, more: str = "") -> str:
    return (
        '<assessmentItem xmlns="http://www.imsglobal.org/xsd/imsqti_v2p1" identifier="it" title="Item" '
        f'adaptive="false">{responses}<outcomeDeclaration identifier="SCORE" cardinality="single" '
        f'baseType="float" normalMaximum="2"/><itemBody>{body}</itemBody><responseProcessing template="{template}"/>'
        f"{more}</assessmentItem>"
    )


def as_3(written: str) -> str:
    """The same item as 3.0 writes it."""
    html = {"p", "img", "b", "xml"}

    def tag(found: re.Match[str]) -> str:
        name = found[2]
        kebab = re.sub(r"(?<=[a-z])([A-Z])", lambda hump: f"-{hump[1].lower()}", name)
        return found[1] + (name if name in html else f"qti-{kebab}")

    tags = re.sub(r"(</?)([A-Za-z]+)", tag, written)
    return re.sub(r"(?<=[\s])([a-z]+[A-Z][A-Za-z]*)(?==)", lambda one: re.sub(r"([A-Z])", r"-\1", one[1]).lower(), tags)


def read(written: str) -> Item:
    return read_item(normal(parse_xml(written.encode(), "x")), "it", "items/it.xml")


CHOICES = '<simpleChoice identifier="A">Ice</simpleChoice><simpleChoice identifier="B">Steam</simpleChoice>'
CHOICE = item(
    declared("B"),
    '<p>See <img src="../img/a.png" alt="x"/></p><choiceInteraction responseIdentifier="R" shuffle="true" '
    f'maxChoices="1"><prompt>What?</prompt>{CHOICES}</choiceInteraction>',
)
MANY = item(
    declared("A", "B", cardinality="multiple"),
    f'<choiceInteraction responseIdentifier="R" maxChoices="0">{CHOICES}<simpleChoice identifier="C">Fog</simpleChoice>'
    "</choiceInteraction>",
)
MAPPED = item(
    declared("A", cardinality="multiple", more=mapping(A="1", B="1", C="-1")),
    f'<choiceInteraction responseIdentifier="R" maxChoices="0">{CHOICES}<simpleChoice identifier="C">Fog</simpleChoice>'
    "</choiceInteraction>",
    MAP,
)
ORDER = item(
    declared("B", "A", cardinality="ordered"), f'<orderInteraction responseIdentifier="R">{CHOICES}</orderInteraction>'
)
PAIRED = item(
    declared("O M", "Q D", cardinality="multiple", base="directedPair"),
    '<matchInteraction responseIdentifier="R"><simpleMatchSet><simpleAssociableChoice identifier="O">Oman'
    '</simpleAssociableChoice><simpleAssociableChoice identifier="Q">Qatar</simpleAssociableChoice></simpleMatchSet>'
    '<simpleMatchSet><simpleAssociableChoice identifier="D">Doha</simpleAssociableChoice><simpleAssociableChoice '
    'identifier="M">Muscat</simpleAssociableChoice></simpleMatchSet></matchInteraction>',
)
OWN_RULES = item(
    declared(base="string", more=mapping(Steam="2", Ice="1")),
    '<p>Air: <textEntryInteraction responseIdentifier="R"/></p>',
).replace(
    f'<responseProcessing template="{MATCH}"/>',
    "<responseProcessing><responseCondition><responseIf><not><isNull><variable identifier='R'/></isNull></not>"
    "<setOutcomeValue identifier='SCORE'><mapResponse identifier='R'/></setOutcomeValue></responseIf>"
    "</responseCondition></responseProcessing>",
)
COMPARED = item(
    '<responseDeclaration identifier="R" cardinality="single" baseType="identifier"/>',
    f'<choiceInteraction responseIdentifier="R" maxChoices="1">{CHOICES}</choiceInteraction>',
).replace(
    f'<responseProcessing template="{MATCH}"/>',
    "<responseProcessing><responseCondition><responseIf><match><variable identifier='R'/><baseValue "
    "baseType='identifier'>B</baseValue></match><setOutcomeValue identifier='SCORE'><baseValue baseType='float'>1"
    "</baseValue></setOutcomeValue></responseIf><responseElseIf><match><variable identifier='R'/><baseValue "
    "baseType='identifier'>A</baseValue></match><setOutcomeValue identifier='SCORE'><baseValue baseType='float'>0"
    "</baseValue></setOutcomeValue></responseElseIf></responseCondition></responseProcessing>",
)
HOTTEXT = item(
    declared("H2"),
    '<hottextInteraction responseIdentifier="R" maxChoices="1"><prompt>Which is wrong?</prompt><p>Water <hottext '
    'identifier="H1">boils</hottext> when it is <hottext identifier="H2">frozen</hottext>.</p></hottextInteraction>',
)
ASSOCIATED = item(
    declared("A B", "C A", cardinality="multiple", base="pair"),
    '<associateInteraction responseIdentifier="R" maxAssociations="2"><simpleAssociableChoice identifier="A">Sea'
    '</simpleAssociableChoice><simpleAssociableChoice identifier="B">Salt</simpleAssociableChoice>'
    '<simpleAssociableChoice identifier="C">Wave</simpleAssociableChoice></associateInteraction>',
)
TEXT = item(declared("Steam", base="string"), '<p>Water as air: <textEntryInteraction responseIdentifier="R"/></p>')
FOLDED = item(
    declared(base="string", more=mapping(' caseSensitive="false"', Steam="2", vapour="1")),
    '<p>Air: <textEntryInteraction responseIdentifier="R"/></p>',
    MAP,
)
NUMBER = item(declared("12.5", base="float"), '<p>How deep? <textEntryInteraction responseIdentifier="R"/></p>')
GAPS = item(
    declared("boils", name="R", base="string") + declared("B", name="S"),
    '<p>It <textEntryInteraction responseIdentifier="R"/> to <inlineChoiceInteraction responseIdentifier="S">'
    '<inlineChoice identifier="A">ice</inlineChoice><inlineChoice identifier="B">steam</inlineChoice>'
    "</inlineChoiceInteraction>.</p>",
)
GAP_MATCH = item(
    declared("W G1", cardinality="multiple", base="directedPair"),
    '<gapMatchInteraction responseIdentifier="R"><gapText identifier="W">wet</gapText><gapText identifier="D">dry'
    '</gapText><p>Rain is <gap identifier="G1"/>.</p></gapMatchInteraction>',
)
ESSAY = item(
    declared(base="string"),
    '<extendedTextInteraction responseIdentifier="R"><prompt>Why?</prompt></extendedTextInteraction>',
)


@pytest.mark.parametrize("version", [str, as_3], ids=["2", "3"])
@pytest.mark.parametrize(
    ("written", "kind", "given", "share"),
    [
        (CHOICE, "choice", None, 1000),
        (MANY, "choice", None, 1000),
        (ORDER, "order", None, 1000),
        (PAIRED, "match", None, 1000),
        (TEXT, "text", ["Steam"], 1000),
        (TEXT, "text", ["steam"], 0),
        (FOLDED, "text", ["STEAM"], 1000),
        (FOLDED, "text", ["vapour"], 500),
        (NUMBER, "number", ["12,5"], 1000),
        (NUMBER, "number", ["13"], 0),
        (GAPS, "gaps", ["boils", "steam"], 1000),
        (GAPS, "gaps", ["boils", "ice"], 500),
        (GAP_MATCH, "gaps", ["wet"], 1000),
        (OWN_RULES, "text", ["Steam"], 1000),
        (OWN_RULES, "text", ["Ice"], 500),
        (COMPARED, "choice", None, 1000),
        (HOTTEXT, "choice", None, 1000),
        (ASSOCIATED, "match", None, 1000),
        (PAIRED.replace("Q D", "O D"), "match", None, 1000),
        (ESSAY, "essay", ["So"], None),
    ],
)
def test_an_item_of_each_kind(
    written: str, kind: str, given: list[str] | None, share: int | None, version: Callable[[str], str]
) -> None:
    [question] = read(version(written)).questions

    assert (kind, "", 2000, "Item") == (question.kind, why_not(question), question.points, question.name)
    assert share == mark(question, right_answer(question) if given is None else given).share


def test_the_words_of_an_item_and_where_its_pictures_lie() -> None:
    [question] = read(CHOICE).questions

    assert '<p>See <img src="img/a.png" alt="x"></p>What?' == question.text.replace("> ", ">")
    assert (["Ice", "Steam"], True) == ([one.text for one in question.options], question.is_shuffled)
    assert not {"A", "B"} & {one.id for one in question.options}


def test_shares_of_a_mapping_add_up() -> None:
    [question] = read(MAPPED).questions
    a, b, c = (one.id for one in question.options)

    assert [1000, 500, 0] == [mark(question, one).share for one in ([a, b], [b], [b, c])]


def test_several_interactions_are_several_questions() -> None:
    both = item(
        declared("A", name="R") + declared(name="S", base="string"),
        f'<p>Read.</p><choiceInteraction responseIdentifier="R">{CHOICES}</choiceInteraction>'
        '<extendedTextInteraction responseIdentifier="S"><prompt>Why?</prompt></extendedTextInteraction>',
    )

    questions = read(both).questions

    assert [("it", "choice", "<p>Read.</p>", 1000), ("it-2", "essay", "Why?", 1000)] == [
        (one.id, one.kind, one.text, one.points) for one in questions
    ]


def test_feedback_of_an_item() -> None:
    more = "".join(
        f'<modalFeedback identifier="{name}" outcomeIdentifier="F" showHide="show">{said}</modalFeedback>'
        for name, said in (("correct", "Yes."), ("B", "Hot."))
    )
    [question] = read(
        item(declared("B"), f'<choiceInteraction responseIdentifier="R">{CHOICES}</choiceInteraction>', more=more)
    ).questions

    assert ("Hot.", "Yes.") == mark(question, [question.options[1].id]).feedback


@pytest.mark.parametrize(
    ("written", "words"),
    [
        (item("", "<p>Only words</p>"), "asks for nothing"),
        (item(declared("x"), '<uploadInteraction responseIdentifier="R"/>'), "upload-interaction"),
        (item(declared("x"), '<hotspotInteraction responseIdentifier="R"/>'), "hotspot-interaction"),
        (item('<templateDeclaration identifier="X"/>', "<p/>"), "drawn anew"),
        (PAIRED.replace("Q D", "O D</value><value>Q D"), "more than one"),
        (ORDER.replace("<value>B</value>", ""), "which order"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_says_why(written: str, words: str) -> None:
    found = read(written)

    assert () == found.questions
    assert words in found.why_not


TEST = (
    '<assessmentTest identifier="t" title="A test"><itemSessionControl maxAttempts="2"/><testPart identifier="p">'
    '<assessmentSection identifier="s1" title="One"><rubricBlock view="candidate"><p>Read</p></rubricBlock>'
    '<assessmentItemRef identifier="i1" href="items/choice.xml"><weight identifier="w" value="2"/></assessmentItemRef>'
    '<assessmentItemRef identifier="gone" href="items/gone.xml"/></assessmentSection>'
    '<assessmentSection identifier="s2" title="Two"><selection select="1"/><ordering shuffle="true"/>'
    '<assessmentItemRef identifier="i2" href="items/text.xml"/>'
    '<assessmentItemRef identifier="i3" href="items/essay.xml"/>'
    "</assessmentSection></testPart></assessmentTest>"
)
MANIFEST = (
    '<manifest><resources><resource identifier="t" type="imsqti_test_xmlv2p1" href="test.xml"/>'
    '<resource identifier="i" type="imsqti_item_xmlv2p1" href="items/choice.xml"/></resources></manifest>'
)
PACKAGE: Mapping[str, Any] = {
    "imsmanifest.xml": MANIFEST,
    "test.xml": TEST,
    "items/choice.xml": CHOICE.replace("../img/a.png", "../img/a%20b.png"),
    "items/text.xml": TEXT,
    "items/essay.xml": ESSAY,
    "img/a b.png": b"\x89PNG",
}


def bank_of(imported: Imported, files: Store) -> Bank:
    [path] = [one.digest for layer in imported.layers for one in layer.entries if one.path.endswith("~quiz.json")]
    return Bank.from_bytes(files.place_of(path).read_bytes())


@pytest.mark.parametrize("has_manifest", [True, False])
def test_a_package_is_the_quiz_of_its_test(
    reading: Read, zipped: Callable[..., Path], files: Store, has_manifest: bool
) -> None:
    members = {name: data for name, data in PACKAGE.items() if has_manifest or name != "imsmanifest.xml"}
    imported = reading(zipped("p.zip", members))

    bank = bank_of(imported, files)
    assert ("A test", 2, True, {"s2": 1}) == (bank.title, bank.attempts, bank.is_shuffled, bank.draws)
    assert [("i1", 4000, ""), ("i2", 2000, "s2"), ("i3", 2000, "s2")] == [
        (one.id, one.points, one.pool) for one in bank.questions
    ]
    assert '<div><p>Read</p></div><p>See <img src="a b.png" alt="x"></p>What?' == bank.questions[0].text.replace(
        "> ", ">"
    )
    assert ["A test: items/gone.xml: the item is missing."] == imported.report.left_out
    assert "qti-2" == imported.report.format


def test_items_without_a_test_are_one_quiz(reading: Read, zipped: Callable[..., Path], files: Store) -> None:
    members = {"a.xml": CHOICE.replace("../img/a.png", "gone.png"), "b.xml": as_3(TEXT)}

    imported = reading(zipped("Water items.zip", members))

    assert ("Water items", ["it", "it-2"]) == (imported.title, [one.id for one in bank_of(imported, files).questions])


@pytest.mark.parametrize("test", ["<assessmentTest", TEST.replace("items/", "gone/")])
def test_items_of_a_package_whose_test_is_damaged_are_a_quiz_by_themselves(
    reading: Read, zipped: Callable[..., Path], files: Store, test: str
) -> None:
    imported = reading(zipped("p.zip", {**PACKAGE, "test.xml": test}))

    assert ["it"] == [one.id for one in bank_of(imported, files).questions]
    assert imported.report.left_out


@pytest.mark.parametrize("place", ["a/b/imsmanifest.xml", "IMSMANIFEST.XML", "a/ImsManifest.xml"])
def test_a_package_is_told_wherever_its_folder_lies(reading: Read, zipped: Callable[..., Path], place: str) -> None:
    folder = place.rpartition("/")[0]
    members = {f"{folder}/{name}".lstrip("/"): data for name, data in PACKAGE.items() if name != "imsmanifest.xml"}

    imported = reading(zipped("p.zip", {place: MANIFEST, **members, "__MACOSX/x/._a": b"x"}))

    assert ("qti-2", "A test") == (imported.report.format, imported.title)


def test_an_item_alone_is_a_quiz(reading: Read, tmp_path: Path, files: Store) -> None:
    (tmp_path / "x.dat").write_text(as_3(ORDER))

    imported = reading(tmp_path / "x.dat")

    assert [("x", "quiz", "Item")] == [(one.id, one.kind, one.title["en"]) for one in imported.activities]


@pytest.mark.parametrize("name", ["qti21_q3.xml", "qti21_q4.xml"])
def test_a_real_item_that_asks_nothing_is_refused_with_its_reason(reading: Read, name: str) -> None:
    if not (FIXTURES / name).exists():
        pytest.skip(f"{name} is not here")

    with pytest.raises(ContentFault, match="asks for nothing"):
        reading(FIXTURES / name)


def test_what_may_be_chosen_in_a_text_stands_underlined_in_it() -> None:
    [question] = read(HOTTEXT).questions

    assert "Which is wrong?<p>Water <u>boils</u> when it is <u>frozen</u>.</p>" == question.text
    assert [("boils", 0), ("frozen", 1000)] == [(one.text, one.share) for one in question.options]


def test_choices_of_which_a_mapping_says_nothing_count_as_it_says_of_all_others() -> None:
    [question] = read(
        MAPPED.replace("defaultValue='0'", "defaultValue='-2'").replace('mapKey="C"', 'mapKey="D"')
    ).questions

    assert [("Ice", 500), ("Steam", 500), ("Fog", -1000)] == [(one.text, one.share) for one in question.options]


def test_gaps_to_drag_into_have_the_weights_of_their_mapping() -> None:
    worth = (
        '<mapping><mapEntry mapKey="W G1" mappedValue="1"/><mapEntry mapKey="D G2" mappedValue="3"/>'
        '<mapEntry mapKey="W G2" mappedValue="1.5"/></mapping>'
    )
    body = '<p>Rain is <gap identifier="G1"/>, sand <gap identifier="G2"/>.</p></gapMatchInteraction>'
    whole = GAP_MATCH[: GAP_MATCH.index("<p>Rain")] + body + GAP_MATCH.partition("</gapMatchInteraction>")[2]
    mapped = whole.replace("</responseDeclaration>", f"{worth}</responseDeclaration>").replace(MATCH, MAP)

    [question] = read(mapped.replace("1.5", "1")).questions

    assert [1, 3] == [one.weight for one in question.gaps]
    assert [[("wet", 1000)], [("dry", 1000), ("wet", 333)]] == [
        [(one.answer, one.share) for one in sorted(gap.accepted, key=lambda one: -one.share)] for gap in question.gaps
    ]


def test_words_alone_are_read_before_the_next_question_and_behind_the_last(
    reading: Read, zipped: Callable[..., Path], files: Store
) -> None:
    film = (
        '<p>Look</p><mediaInteraction responseIdentifier="R"><object data="a.mp4" type="video/mp4"/></mediaInteraction>'
    )
    members: Mapping[str, Any] = {"a.xml": item("", film), "b.xml": TEXT, "c.xml": item("", "<p>The end</p>")}

    imported = reading(zipped("p.zip", {**members, "a.mp4": b"\0\0\0\x18ftypmp42"}))

    [question] = bank_of(imported, files).questions
    assert '<div><p>Look</p><video src="a.mp4" controls=""></video>' in question.text.replace("\n", "")
    assert question.text.endswith("<div><p>The end</p></div>")
    assert [] == imported.report.left_out


@pytest.mark.parametrize("folder", ["", "export/"])
def test_a_package_names_itself_and_what_it_lacks(reading: Read, zipped: Callable[..., Path], folder: str) -> None:
    manifest = (
        '<manifest xmlns:csm="http://www.imsglobal.org/xsd/imsccv1p2/imscsmd_v1p0"><metadata><lom><general><title>'
        "<string>Water</string></title></general></lom></metadata><organizations/><resources>"
        '<resource identifier="i" type="imsqti_apipitem_xmlv2p1" href="Items/Text.xml"/>'
        '<resource identifier="j" type="imsqti_item_xmlv2p1" href="gone.xml"/></resources></manifest>'
    )

    imported = reading(zipped("p.zip", {f"{folder}imsmanifest.xml": manifest, f"{folder}items/text.xml": TEXT}))

    assert ("qti-2", "Water") == (imported.report.format, imported.about.title)
    assert ["Item: gone.xml: named in the manifest, and missing in the package."] == imported.report.left_out


def test_items_without_a_manifest_may_have_styles_and_notes_beside_them(
    reading: Read, zipped: Callable[..., Path]
) -> None:
    members = {"a.xml": TEXT, "look.css": "p{}", "README.txt": "x", "s.xml": "<assessmentStimulus/>"}

    assert "qti-2" == reading(zipped("p.zip", members)).report.format


def test_a_refusal_gives_one_reason(reading: Read, zipped: Callable[..., Path]) -> None:
    drawn = item(declared("x"), '<drawingInteraction responseIdentifier="R"/>')

    with pytest.raises(ContentFault, match=r"asked: .*drawing-interaction, which we cannot do yet \(1 more were left"):
        reading(zipped("p.zip", {"a.xml": drawn, "b.xml": drawn}))
