"""The child that reads a ZIM file: `python child.py FILE`, asked on its standard input, answering on its output.

* Nothing of Qanat is imported here, and nothing of the file's library anywhere else: what a hostile file makes of that
  library, it makes of a confined process that ends.
* First it tells what the file is, then each of its entries, a JSON line each, and an empty line; then, for each number
  it is asked for, a JSON line with the size and the bytes.
"""

import json
import sys
from typing import Any

TOLD = ("Title", "Description", "LongDescription", "Language", "License", "Creator", "Tags")


def main(path: str) -> int:
    from libzim.reader import Archive

    archive = Archive(path)
    out = sys.stdout.buffer

    def say(document: dict[str, Any]) -> None:
        out.write(json.dumps(document).encode() + b"\n")

    keys = set(archive.metadata_keys)
    main_path = archive.main_entry.get_item().path if archive.has_main_entry else ""
    words = {name: archive.get_metadata(name)[:2_000].decode("utf-8", "replace") for name in TOLD if name in keys}
    say({"entries": archive.entry_count, "main": main_path, **words})
    for number in range(archive.entry_count):
        entry = archive._get_entry_by_id(number)
        if entry.is_redirect:
            say({"path": entry.path, "to": entry.get_redirect_entry().path})
        else:
            item = entry.get_item()
            say({"path": entry.path, "size": item.size, "type": item.mimetype})
    out.write(b"\n")
    out.flush()
    for line in sys.stdin:
        content = archive._get_entry_by_id(int(line)).get_item().content
        say({"size": content.nbytes})
        out.write(content)
        out.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
