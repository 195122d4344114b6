"""Telling: a failure in words, for whoever is to mend it."""

import traceback

from tests.simulation.living import Lived


def told(failed: Lived) -> str:
    """What was to happen, what happened, what was wrong, and how to see it again."""
    trace = "".join(traceback.format_exception(failed.error))
    script = failed.script
    return "\n".join(
        [
            f"The world of the seed {script.seed}, as far as it is needed ({script.size} of what was drawn):",
            *(f"  {line}" for line in failed.story),
            "",
            f"Then: {failed.sentence}",
            f"See it again: python -m tests.simulation {script.seed}",
            "",
            trace,
        ]
    )
