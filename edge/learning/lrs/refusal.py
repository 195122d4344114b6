"""Refusals: what the store does not take, with the status that says why and a sentence for whoever wrote the tool.

* They are for machines and for those who program them: plain English, and never the words of a learner.
"""

from catalog.fault import CallerFault

NAME_LETTERS_MAX = 80
READ_THE_SPECIFICATION = "See the xAPI specification, and docs/learning-records.md for what this box takes."


class NotTaken(CallerFault):
    """A tool asked the learning record store for what it does not do; `status_code` says why in HTTP's own words."""

    def __init__(self, status_code: int, sentence: str, hint: str = READ_THE_SPECIFICATION) -> None:
        super().__init__(sentence, hint)
        self.status_code = status_code


def malformed(sentence: str) -> NotTaken:
    """What came is not as the specification says."""
    return NotTaken(400, sentence)


def not_yours(sentence: str) -> NotTaken:
    """Whoever asks may ask, but not for this."""
    return NotTaken(403, sentence, "Ask for what belongs to this learner and this launch.")


def shown(name: object) -> str:
    """A name that came from outside, as a sentence may hold it."""
    text = str(name)[:NAME_LETTERS_MAX]
    return text if text.isprintable() else ascii(text)
