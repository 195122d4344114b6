"""QTI 1.2 as cartridges and Canvas write it, kind by kind."""

from xml.etree.ElementTree import Element

import pytest

from catalog.importers.questions.qti12 import read_qti12
from catalog.importers.questions.quiz import Found
from catalog.importers.xml import parse_xml
from catalog.questions.bank import Question, why_not
from catalog.questions.marking import mark


def label(ident: str, words: str) -> str:
    return f"<response_label ident='{ident}'><material><mattext>{words}</mattext></material></response_label>"


def lid(ident: str, *labels: str, cardinality: str = "Single", words: str = "", shuffle: str = "No") -> str:
    material = f"<material><mattext>{words}</mattext></material>" if words else ""
    return (
        f"<response_lid ident='{ident}' rcardinality='{cardinality}'>{material}"
        f"<render_choice shuffle='{shuffle}'>{''.join(labels)}</render_choice></response_lid>"
    )


def written(ident: str) -> str:
    return f"<response_str ident='{ident}' rcardinality='Single'><render_fib/></response_str>"


def equal(ident: str, value: str, case: str = "No") -> str:
    return f"<varequal respident='{ident}' case='{case}'>{value}</varequal>"


def rule(condition: str, worth: str = "100", action: str = "Set", feedback: str = "") -> str:
    shown = f"<displayfeedback feedbacktype='Response' linkrefid='{feedback}'/>" if feedback else ""
    return (
        f"<respcondition continue='No'><conditionvar>{condition}</conditionvar>"
        f"<setvar action='{action}' varname='SCORE'>{worth}</setvar>{shown}</respcondition>"
    )


def item(
    responses: str, rules: str = "", kind: str = "", words: str = "What?", more: str = "", ident: str = "i1"
) -> str:
    fields = {"question_type": kind, "points_possible": "3.0"} if kind.endswith("question") else {"cc_profile": kind}
    metadata = "".join(
        f"<qtimetadatafield><fieldlabel>{name}</fieldlabel><fieldentry>{value}</fieldentry></qtimetadatafield>"
        for name, value in fields.items()
    )
    return (
        f"<item ident='{ident}' title='Item'><itemmetadata><qtimetadata>{metadata}</qtimetadata></itemmetadata>"
        f"<presentation><material><mattext texttype='text/html'>{words}</mattext></material>{responses}</presentation>"
        f"<resprocessing><outcomes><decvar maxvalue='100' minvalue='0' varname='SCORE' vartype='Decimal'/></outcomes>"
        f"{rules}</resprocessing>{more}</item>"
    )


def read(*items: str, head: str = "", section: str = "") -> Found:
    return read_qti12(parse_xml(document(*items, head=head, section=section), "x"))


def document(*items: str, head: str = "", section: str = "") -> bytes:
    return (
        "<questestinterop xmlns='http://www.imsglobal.org/xsd/ims_qtiasiv1p2'><assessment ident='a' title='Rain'>"
        f"{head}<section ident='root_section'>{section}{''.join(items)}</section></assessment></questestinterop>"
    ).encode()


def only(made: str) -> Question:
    [question] = read(made).questions
    return question


AB = (label("a", "Ice"), label("b", "Steam"))
CHOICE = item(lid("r", *AB), rule(equal("r", "b")), "cc.multiple_choice.v0p1")
TRUTH = item(lid("r", label("t", "True"), label("f", "False")), rule(equal("r", "f")), "cc.true_false.v0p1")
MANY = item(
    lid("r", *AB, label("c", "Fog"), cardinality="Multiple"),
    rule(f"<and>{equal('r', 'a')}{equal('r', 'c')}<not>{equal('r', 'b')}</not></and>"),
    "cc.multiple_response.v0p1",
)
ADDED = item(
    lid("r", *AB, label("c", "Fog"), cardinality="Multiple"),
    rule(equal("r", "a"), "50", "Add") + rule(equal("r", "c"), "50", "Add") + rule(equal("r", "b"), "-50", "Add"),
    "multiple_answers_question",
)
FIB = item(written("r"), rule(equal("r", "Water") + equal("r", "H2O")), "cc.fib.v0p1")
PATTERN = item(written("r"), rule("<varsubstring respident='r'>wat</varsubstring>"), "cc.pattern_match.v0p1")
NUMBER = item(
    written("r"),
    rule(
        f"<or>{equal('r', '4.0')}<and><vargte respident='r'>3.9</vargte><varlte respident='r'>4.1</varlte></and></or>"
    ),
    "numerical_question",
)
MATCHED = item(
    lid("response_1", *AB, words="cold") + lid("response_2", *AB, words="hot"),
    rule(equal("response_1", "a"), "50", "Add") + rule(equal("response_2", "b"), "50", "Add"),
    "matching_question",
)
BLANKS = item(
    lid("response_x", label("1", "falls"), label("2", "drops")) + lid("response_y", label("3", "sky")),
    rule(equal("response_x", "1"), "50", "Add") + rule(equal("response_x", "2"), "50", "Add")
    + rule(equal("response_y", "3"), "50", "Add"),
    "fill_in_multiple_blanks_question",
    "Rain [x] from the [y].",
)  # fmt: skip
DROPDOWNS = item(
    lid("response_x", label("1", "falls"), label("2", "flies")),
    rule(equal("response_x", "1"), "100", "Add"), "multiple_dropdowns_question", "Rain [x].",
)  # fmt: skip
ORDERED = item(
    lid("r", *AB, label("c", "Rain"), cardinality="Ordered"),
    rule(f"<and>{equal('r', 'c')}{equal('r', 'a')}{equal('r', 'b')}</and>"),
)


@pytest.mark.parametrize(
    ("made", "kind", "good", "bad"),
    [
        (CHOICE, "choice", [1], [0]),
        (MANY, "choice", [0, 2], [0]),
        (ORDERED, "order", [0, 1, 2], [2, 1, 0]),
    ],
)
def test_what_is_chosen_is_worth_what_the_conditions_say(made: str, kind: str, good: list[int], bad: list[int]) -> None:
    question = only(made)
    ids = [one.id for one in question.options]

    assert (kind, "") == (question.kind, why_not(question))
    assert 1000 == mark(question, [ids[at] for at in good]).share
    assert 1000 != mark(question, [ids[at] for at in bad]).share


@pytest.mark.parametrize(
    ("made", "kind", "given", "share"),
    [
        (TRUTH, "truefalse", ["false"], 1000),
        (TRUTH, "truefalse", ["true"], 0),
        (FIB, "text", ["h2o"], 1000),
        (FIB, "text", ["fire"], 0),
        (PATTERN, "text", ["the waters"], 1000),
        (NUMBER, "number", ["3.95"], 1000),
        (NUMBER, "number", ["4.2"], 0),
        (BLANKS, "gaps", ["drops", "SKY"], 1000),
        (BLANKS, "gaps", ["falls", "sea"], 500),
        (DROPDOWNS, "gaps", ["falls"], 1000),
        (DROPDOWNS, "gaps", ["flies"], 0),
        (item(written("r"), "", "cc.essay.v0p1"), "essay", ["Well"], None),
        (item(written("r"), "", "essay_question"), "essay", ["Well"], None),
    ],
)
def test_what_is_written_is_marked(made: str, kind: str, given: list[str], share: int | None) -> None:
    question = only(made)

    assert (kind, "", share) == (question.kind, why_not(question), mark(question, given).share)


def test_a_single_place_to_choose_stands_where_the_words_have_it() -> None:
    assert "Rain [[1]]." == only(DROPDOWNS).text


def test_what_a_question_says_to_a_right_answer_is_said_once() -> None:
    fed = "<itemfeedback ident='correct_fb'><material><mattext>Well done</mattext></material></itemfeedback>"
    made = item(written("r"), rule(equal("r", "sea"), feedback="correct_fb"), "short_answer_question")

    question = only(made.replace("</item>", f"{fed}</item>"))

    assert ({"right": "Well done"}, "") == (question.feedback, question.gaps[0].accepted[0].feedback)


def test_shares_that_are_added() -> None:
    question = only(ADDED)
    ice, steam, fog = (one.id for one in question.options)

    assert [1000, 500, 0] == [mark(question, one).share for one in ([ice, fog], [fog], [ice, steam])]
    assert 3000 == question.points


def test_what_belongs_together() -> None:
    question = only(MATCHED)

    assert (["cold", "hot"], ["Ice", "Steam"]) == (
        [one.text for one in question.pairs], [one.text for one in question.options]
    )  # fmt: skip
    assert [1000, 500] == [
        mark(question, one).share
        for one in ([pair.option for pair in question.pairs], [question.options[0].id, question.options[0].id])
    ]


def test_feedback_is_said_for_an_answer_and_in_general() -> None:
    feedback = "".join(
        f"<itemfeedback ident='{ident}'><flow_mat><material><mattext>{said}</mattext></material></flow_mat>"
        "</itemfeedback>"
        for ident, said in (("b_fb", "It is hot."), ("general_fb", "Think."), ("correct_fb", "Yes."))
    )
    question = only(
        item(lid("r", *AB), rule(equal("r", "b"), feedback="correct_fb"), "cc.multiple_choice.v0p1", more=feedback)
    )

    assert ("It is hot.", "Yes.", "Think.") == mark(question, [question.options[1].id]).feedback


def test_a_picture_of_the_item_is_named_where_it_stands() -> None:
    question = only(CHOICE.replace("What?", "&lt;img src=\"$IMS-CC-FILEBASE$/a.png\"&gt;").replace(
        "<material><mattext>Ice", "<material><matimage uri='l3/ques 1.gif'/><mattext>Ice"))  # fmt: skip

    assert '<img src="$IMS-CC-FILEBASE$/a.png">' == question.text
    assert '<img src="l3/ques%201.gif" alt="">Ice' == question.options[0].text


def test_a_section_draws_from_its_items_or_from_a_bank() -> None:
    draws = "<selection_ordering><selection>{}<selection_number>1</selection_number></selection></selection_ordering>"
    own = f"<section ident='g1'>{draws.format('')}{CHOICE}{TRUTH.replace('i1', 'i2')}</section>"
    other = f"<section ident='g2'>{draws.format('<sourcebank_ref>bank</sourcebank_ref>')}</section>"
    lost = other.replace("g2", "g3").replace("bank<", "nowhere<")
    bank = parse_xml(f"<questestinterop><objectbank ident='bank'>{FIB}</objectbank></questestinterop>".encode(), "x")

    def bank_of(name: str) -> Element | None:
        return bank if name == "bank" else None

    found = read_qti12(parse_xml(document(own, other, lost), "x"), bank_of)

    assert {"g1": 1, "g2": 1, "g3": 1} == found.draws
    assert ["g1", "g1", "g2"] == [one.pool for one in found.questions]
    assert ["“g3” draws from a bank that is not here."] == found.left_out


def test_a_test_takes_single_questions_of_a_bank_and_says_which_are_not_there() -> None:
    entry = "<bankentry_item sourcebank_ref='b' item_ref='{}'/>"
    asked = f"<assessment ident='t'><section>{entry.format('i2')}{entry.format('gone')}</section></assessment>"
    test = parse_xml(f"<questestinterop>{asked}</questestinterop>".encode(), "t")
    item = (
        "<item ident='{0}' title='{0}'><presentation><material><mattext>Why {0}?</mattext></material>"
        "<response_str ident='r'><render_fib/></response_str></presentation></item>"
    )
    held = f"<objectbank>{item.format('i1')}{item.format('i2')}</objectbank>"
    bank = parse_xml(f"<questestinterop>{held}</questestinterop>".encode(), "b")

    found = read_qti12(test, lambda name: bank if name == "b" else None)

    assert ["i2"] == [one.id for one in found.questions]
    assert ["a question (gone) of a bank that is not here."] == found.left_out


def test_a_test_says_how_often_and_in_what_order() -> None:
    head = (
        "<qtimetadata><qtimetadatafield><fieldlabel>cc_maxattempts</fieldlabel><fieldentry>3</fieldentry>"
        "</qtimetadatafield></qtimetadata><presentation_material><flow_mat><material><mattext>Hello</mattext></material>"
        "</flow_mat></presentation_material>"
    )
    found = read(CHOICE, head=head, section="<selection_ordering><order order_type='Random'/></selection_ordering>")

    assert ("Rain", 3, "Hello", True) == (found.title, found.attempts, found.intro, found.is_shuffled)


def test_words_without_a_question_go_before_the_next() -> None:
    found = read(item("", "", "text_only_question", "Read this.", ident="t"), CHOICE)

    assert ["<div>Read this.</div>What?"] == [one.text for one in found.questions]


@pytest.mark.parametrize(
    ("made", "words"),
    [
        (item("", "", "file_upload_question"), "asks for a file"),
        (item("", "", "calculated_question"), "drawn anew"),
        (item(""), "nothing that can be answered"),
        (item("<response_xy ident='r'/>"), "on a picture"),
    ],
)
def test_what_cannot_be_asked_is_named(made: str, words: str) -> None:
    found = read(made)

    assert [] == found.questions
    assert words in found.left_out[0]
