"""Printing: the labels of a batch, as they are asked for at the command line and on the desk's page."""

from collections.abc import Collection
from pathlib import Path

from provisioning.batch.book import Book
from provisioning.labels.faces import Faces
from provisioning.labels.sheet import Sheet, make
from provisioning.labels.squares import ADDRESS
from sync.web.language import LANGUAGES, SOURCE_LANGUAGE, speaking


def sheet_of(
    book: Book, *, address: str = "", language: str = SOURCE_LANGUAGE, numbers: Collection[int] = (),
    fonts: Path | None = None,
) -> Sheet:  # fmt: skip
    """The sheet for a batch, or for these cards of it. Raises CallerFault, NoFaces."""
    cards = [book.card(number) for number in numbers] or book.cards()
    with speaking(language if language in LANGUAGES else SOURCE_LANGUAGE):
        return make(
            [book.seed(card.number) for card in cards],
            {card.number: card.short_name for card in cards},
            address or ADDRESS,
            Faces.found(fonts),
            book.batch.made_seconds,
        )
