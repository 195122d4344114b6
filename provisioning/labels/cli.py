"""`qanat provision labels`: the sheet of labels of a batch.

* Heavy imports live inside the command.
"""

from pathlib import Path

import click

from provisioning.batch.cli import FOLDER


@click.command()
@FOLDER
@click.option("--out", required=True, metavar="FILE", type=click.Path(path_type=Path, dir_okay=False),
              help="The PDF to write.")  # fmt: skip
@click.option("--address", default="", metavar="URL", help="What opens the library; http://box.local/ if not given.")
@click.option("--language", default="en", show_default=True, metavar="TAG", help="Language of the words on the labels.")
@click.option("--number", "numbers", type=int, multiple=True, metavar="N", help="Only this card; may come again.")
@click.option(
    "--fonts", metavar="DIR", type=click.Path(path_type=Path, file_okay=False), help="A folder of Noto fonts."
)
def labels(folder: Path, out: Path, address: str, language: str, numbers: tuple[int, ...], fonts: Path | None) -> None:
    """Make a PDF sheet of labels for the batch in DIR. It holds secrets: print it, and delete it."""
    from catalog.durable import write_file
    from provisioning.batch.book import FILE_MODE, Book
    from provisioning.labels.printing import sheet_of

    book = Book.open(folder)
    made = sheet_of(book, address=address, language=language, numbers=numbers, fonts=fonts)
    write_file(out, made.pdf, FILE_MODE)
    click.echo(f"{out}: labels for {len(numbers) or len(book.cards())} cards. Print it at 100 %, and cut on the lines.")
    for text in made.unwritten:
        click.echo(f"No font here has all letters of {text!r}: it is left out, and its square is right.", err=True)
    click.echo("The sheet holds passwords and staff codes: print it, then delete it.")
