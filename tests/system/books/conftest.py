"""Nouns of the books' and films' tests: the same served box, learner and phones as the packages' tests have."""

from tests.system.packages.conftest import SHARED, Campus, boxes, campus, clock, shelve

__all__ = ["SHARED", "Campus", "boxes", "campus", "clock", "shelve"]
