"""The child that tries a PDF's lock: `python pdf_child.py FILE` says `locked` where no empty password opens it.

* Nothing of Qanat is imported here: what a hostile file makes of the library, it makes of a confined process that ends.
"""

import logging
import sys
from typing import Any


def main(path: str) -> int:
    from pypdf import PdfReader

    logging.getLogger("pypdf").setLevel(logging.CRITICAL)
    with open(path, "rb") as file:  # noqa: PTH123 - a child imports as little as it can
        reader = PdfReader(file, strict=False)
        is_locked = reader.is_encrypted and not _is_bare(reader) and not reader.decrypt("")
    sys.stdout.write("locked" if is_locked else "open")
    return 0


def _is_bare(reader: Any) -> bool:
    """Whether only files attached to the document are locked, and not its pages."""
    lock = reader.trailer["/Encrypt"].get_object()
    return bool(lock.get("/StmF") == lock.get("/StrF") == "/Identity")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
