"""A quiz, by pages of our own: where the learner was in it."""

from flask.typing import ResponseReturnValue

from edge.learning.quiz.pages import show as show_page
from edge.library.house import House
from edge.library.opened import Opened


def show(house: House, opened: Opened) -> ResponseReturnValue:
    return show_page(house, opened, "")
