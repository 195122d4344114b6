"""Nouns that every room's tests share."""

import pytest

# Before anything imports them: pytest explains the assertions of what is asked of worlds, too.
pytest.register_assert_rewrite("tests.stories.invariants", "tests.simulation.promises")
