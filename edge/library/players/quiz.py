"""A quiz, by pages of our own: where the learner was in it."""

from flask.typing import ResponseReturnValue

from edge.box import Box
from edge.learning.quiz.pages import show as show_page
from edge.library.opened import Opened


def show(box: Box, opened: Opened) -> ResponseReturnValue:
    return show_page(box, opened, "")
