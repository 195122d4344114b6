"""Compiled templates, kept between starts: a page's first visitor need not wait for Jinja to compile it.

* It is only a saving: what is missing, damaged, of another version or cannot be written is compiled again.
* What was not written whole by us is not run: each file begins with the digest of the rest.
"""

from pathlib import Path

import jinja2
from jinja2.bccache import Bucket, BytecodeCache

from catalog.digest import sha256
from catalog.durable import write_file
from catalog.fault import BoxFault

FOLDER = "compiled"
"""Where a box or a hub keeps them, in its data folder."""

HASH_BYTES = 32
FOLDER_MODE = 0o700
FILE_MODE = 0o600
_VERSION = f"jinja {jinja2.__version__}\n".encode()


class CompiledTemplates(BytecodeCache):
    """The compiled templates in `folder`, which nobody else may write to: what is in it is run."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def load_bytecode(self, bucket: Bucket) -> None:
        try:
            kept = self._path(bucket).read_bytes()
        except OSError:
            return  # not compiled yet, or the card cannot be read: compiling is all it takes
        hashed, code = kept[:HASH_BYTES], kept[HASH_BYTES:]
        if sha256(code) == hashed and code.startswith(_VERSION):
            bucket.bytecode_from_string(code.removeprefix(_VERSION))

    def dump_bytecode(self, bucket: Bucket) -> None:
        code = _VERSION + bucket.bytecode_to_string()
        try:
            self._folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            write_file(self._path(bucket), sha256(code) + code, FILE_MODE)
        except (OSError, BoxFault):
            return  # a full disk costs the next start some time, and this page nothing

    def _path(self, bucket: Bucket) -> Path:
        return self._folder / bucket.key
