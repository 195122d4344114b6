"""The report: what became of each card of a batch, one line a card, without a secret."""

import csv
import io
from datetime import UTC, datetime

from provisioning.batch.book import Book, Card

COLUMNS = ("number", "name", "seed", "state", "device", "card", "image_sha256", "box", "when", "what")


def csv_text(book: Book) -> str:
    """For a spreadsheet; what would be read there as a formula is not."""
    file = io.StringIO()
    table = csv.writer(file, lineterminator="\r\n")
    table.writerow(COLUMNS)
    for card in book.cards():
        table.writerow([_plain(text) for text in _row(card)])
    return file.getvalue()


def as_words(book: Book) -> str:
    """For people."""
    return "".join(f"{' '.join(part for part in _said(card) if part)}\n" for card in book.cards())


def _said(card: Card) -> tuple[str, ...]:
    where = f"in {card.device}" if card.device else ""
    return f"{card.number:4}  {card.short_name}: {card.state.value}", where, _when(card), card.what


def _row(card: Card) -> tuple[str, ...]:
    return (
        str(card.number), card.short_name, card.seed_id, card.state.value, card.device, card.card_id,
        card.image_sha256, card.box, _when(card), card.what,
    )  # fmt: skip


def _when(card: Card) -> str:
    if not card.moment_seconds:
        return ""
    return datetime.fromtimestamp(card.moment_seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _plain(text: str) -> str:
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) else text
