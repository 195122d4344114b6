"""The pages of people: signing in, joining a class, and what teachers and staff do for others."""

from flask import Blueprint

from edge.box import Box
from edge.people import classes, join, sign_in, staff_in, teachers
from edge.people.guard import Guard


def blueprint(box: Box) -> Blueprint:
    """The pages of people, for the box's application."""
    pages = Blueprint("people", __name__, template_folder="templates")
    guard = Guard(box.clock)
    sign_in.register(pages, box, guard)
    staff_in.register(pages, box, guard)
    join.register(pages, box)
    classes.register(pages, box)
    teachers.register(pages, box, guard)
    return pages
