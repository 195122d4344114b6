"""The quiz's pages: one question after another or all on one page, looking over, handing in, what came of it.

* Every button sends the answers of its page; they are on the disk before the next page is asked for.
* It works without a script, and goes on where it was left, on any phone.
* No page says what is right before its answers were handed in.
* Pictures and sounds of questions are files of the release, of kinds that no browser runs.
"""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from catalog.media import media_type
from catalog.questions.bank import FILE, MEDIA, Question
from catalog.questions.marking import is_given, right_answer
from catalog.questions.markup import MEDIA_TYPES, is_media_name
from edge.learning.learning import ANSWER_BYTES_MAX
from edge.learning.quiz import asked
from edge.learning.quiz.sitting import Sitting, sitting_of
from edge.learning.quiz.tries import Try, all_of
from edge.library.house import House
from edge.library.opened import Opened, file_answer, opened_of, tree_of
from sync.web.app import require, session_now
from sync.web.lasting import write_then_answer
from sync.web.takes import ANYTHING, takes

if TYPE_CHECKING:
    from edge.box import Box

READERS = ("learner", "guest", "teacher", "staff")
KIND = "quiz"
ALL, CHECK, RESULT, HAND_IN = "all", "check", "result", "hand-in"
ON_ONE_PAGE_MAX = 40
"""Questions: more would be a page of more than a phone should fetch at once."""
ANSWER_LETTERS_MAX = 5_000


def blueprint(house: House) -> Blueprint:
    """The quiz's pages, for the application of a box, or of a hub with drafts."""
    pages = Blueprint("quiz", __name__, template_folder="../templates")

    @pages.get("/quiz/<course>/<activity>")
    @require(*READERS)
    @takes(query=("show",))
    def page(course: str, activity: str) -> ResponseReturnValue:
        return show(house, _quiz(house, course, activity), request.args.get("show", ""))

    @pages.post("/quiz/<course>/<activity>")
    @require(*READERS)
    @takes("key", "go", "asked", "try")
    def keep(course: str, activity: str) -> ResponseReturnValue:
        sitting = sitting_of(house, _quiz(house, course, activity), _learner())
        go = request.form.get("go", CHECK)
        if not sitting.may_try or (sitting.subject and request.form.get("try") not in ("", None, str(sitting.number))):
            return _to(sitting, RESULT)  # handed in meanwhile, by a second press or on another phone
        changed = _changed(sitting)
        box = house.keeper
        if sitting.subject is None or box is None:
            return _marked_and_forgotten(sitting, dict(sitting.given) | {one.id: given for one, given in changed})
        works = box.tries.answers_work(sitting.subject, sitting.number, changed, request.form.get("key", "")[:40])
        if go == HAND_IN:
            given = dict(sitting.given) | {one.id: given for one, given in changed}
            marks = sitting.marks(sitting.paper(sitting.number), given, {})
            permille = sitting.permille(sitting.paper(sitting.number), marks)
            passed = sitting.is_passed(permille)
            now_seconds = box.clock.now().wall_seconds
            works.append(box.tries.hand_in_work(sitting.subject, sitting.number, permille, passed, now_seconds))
        if works:
            write_then_answer(box.database, all_of(works))
        return _to(sitting, RESULT if go == HAND_IN else go)

    @pages.get("/quiz/<course>/<activity>/<name>")
    @require(*READERS)
    @takes(gives=ANYTHING)
    def file(course: str, activity: str, name: str) -> ResponseReturnValue:
        opened = _quiz(house, course, activity)
        path = f"{opened.activity.path.removesuffix(FILE)}{MEDIA}/{name}"
        if not is_media_name(name) or media_type(name) not in MEDIA_TYPES:
            abort(404)
        if not (tree_of(house, opened.release) / path).is_file():
            abort(404)
        return file_answer(house, opened.release, path)

    return pages


def show(house: House, opened: Opened, which: str) -> ResponseReturnValue:
    """The page of a quiz that was asked for; where nothing was asked for, the one to go on with."""
    sitting = sitting_of(house, opened, _learner())
    paper = sitting.paper(sitting.number)
    key = house.random_bytes(9).hex()
    box = house.keeper
    if sitting.subject is None or box is None:
        return _page("quiz/all.html", sitting, questions=_asked(sitting, paper), key=key, may_keep=False)
    if which == RESULT or not sitting.may_try:
        return _result(box, sitting) if sitting.last else _to(sitting, "")
    if which == ALL and len(paper) <= ON_ONE_PAGE_MAX:
        return _page("quiz/all.html", sitting, questions=_asked(sitting, paper), key=key, may_keep=True)
    if which == CHECK:
        return _page("quiz/check.html", sitting, states=_states(sitting, paper), key=key)
    if which.isascii() and which.isdecimal() and 1 <= int(which) <= len(paper):
        return _question(sitting, paper, int(which), key)
    if any(is_given(one) for one in sitting.given.values()):
        return _question(sitting, paper, _first_open(sitting, paper), key)
    return _result(box, sitting) if sitting.last else _page("quiz/start.html", sitting, total=len(paper))


def _question(sitting: Sitting, paper: Sequence[Question], number: int, key: str) -> ResponseReturnValue:
    one = paper[number - 1]
    question = asked.asked_of(number, one, sitting.given.get(one.id, []), _address_of(sitting.opened))
    return _page(
        "quiz/question.html",
        sitting,
        question=question,
        total=len(paper),
        states=_states(sitting, paper),
        key=key,
        may_show_all=len(paper) <= ON_ONE_PAGE_MAX,
    )


def _result(box: "Box", sitting: Sitting) -> ResponseReturnValue:
    last, subject = sitting.last, sitting.subject
    assert last is not None
    assert subject is not None
    paper = sitting.paper(last.number)
    given = box.tries.given(subject, last.number, sitting.bank.questions)
    return _marked(sitting, paper, given, box.tries.marks(subject, last.number), last)


def _marked_and_forgotten(sitting: Sitting, given: dict[str, list[str]]) -> ResponseReturnValue:
    paper = sitting.paper(sitting.number)
    permille = sitting.permille(paper, sitting.marks(paper, given, {}))
    return _marked(sitting, paper, given, {}, Try(1, permille, 0))


def _marked(
    sitting: Sitting, paper: Sequence[Question], given: dict[str, list[str]], read: dict[str, int], last: Try
) -> ResponseReturnValue:
    marks, address_of = sitting.marks(paper, given, read), _address_of(sitting.opened)
    rows = []
    for number, question in enumerate(paper, 1):
        kept, made = sitting.bank.question(question.id) or question, marks[question.id]
        may_show = sitting.shows_right and made.verdict in ("wrong", "partly")
        rows.append(
            {
                "number": number,
                "words": asked.words_alone(question, address_of),
                "verdict": made.verdict,
                "given": asked.said_in(kept, given.get(question.id, [])),
                "right": asked.said_in(kept, right_answer(kept)) if may_show else [],
                "feedback": [asked.markup_of(one, address_of) for one in made.feedback],
            }
        )
    passed = sitting.is_passed(last.permille)
    return _page("quiz/result.html", sitting, rows=rows, permille=last.permille, is_passed=passed, last=last)


def _page(template: str, sitting: Sitting, **words: Any) -> ResponseReturnValue:
    opened = sitting.opened
    return render_template(
        template,
        opened=opened,
        sitting=sitting,
        intro=asked.markup_of(sitting.bank.intro, _address_of(opened)),
        course_language=next(iter(opened.release.languages), ""),
        following_activity=opened.following,
        letters_max=ANSWER_LETTERS_MAX,
        **words,
    )


def _asked(sitting: Sitting, paper: Sequence[Question]) -> list[asked.Asked]:
    address_of = _address_of(sitting.opened)
    return [
        asked.asked_of(number, one, sitting.given.get(one.id, []), address_of) for number, one in enumerate(paper, 1)
    ]


def _states(sitting: Sitting, paper: Sequence[Question]) -> list[bool]:
    """Of each question, whether it is answered."""
    return [is_given(sitting.given.get(one.id, [])) for one in paper]


def _first_open(sitting: Sitting, paper: Sequence[Question]) -> int:
    states = _states(sitting, paper)
    return states.index(False) + 1 if False in states else len(paper)


def _changed(sitting: Sitting) -> list[tuple[Question, list[str]]]:
    """What the form says otherwise than what is kept."""
    form = dict(request.form.lists())
    numbers = {int(one) for one in request.form.getlist("asked") if one.isascii() and one.isdecimal() and len(one) < 6}
    changed = []
    for number, question in enumerate(sitting.paper(sitting.number), 1):
        if number not in numbers:
            continue
        given = asked.given_in(form, number, question)
        if sum(len(one.encode()) for one in given) > ANSWER_BYTES_MAX - 1024:
            abort(413)
        if given != sitting.given.get(question.id, []):
            changed.append((question, given))
    return changed


def _to(sitting: Sitting, which: str) -> ResponseReturnValue:
    course, activity = sitting.opened.release.course, sitting.opened.activity.id
    if not which:
        return redirect(url_for("library.activity", course=course, activity=activity), 303)
    return redirect(url_for("quiz.page", course=course, activity=activity, show=which), 303)


def _address_of(opened: Opened) -> Callable[[str], str]:
    return lambda name: url_for("quiz.file", course=opened.release.course, activity=opened.activity.id, name=name)


def _quiz(house: House, course: str, activity: str) -> Opened:
    opened = opened_of(house, course, activity)
    is_here = (tree_of(house, opened.release) / opened.activity.path).is_file()
    return opened if opened.activity.kind == KIND and is_here else abort(404)


def _learner() -> str:
    """Whose answers are kept: a learner's, and nobody else's."""
    session = session_now()
    return session.person if session.kind == "learner" else ""
