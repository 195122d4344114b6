"""Found by hand at the door `box-backups`: the head of a backup by passphrase says how much memory opening it takes."""

import io
import re

import pytest
from pyrage import passphrase

from edge.keeping.sealing import _LENGTH, MAGIC, BackupRefused, unseal

WORDS = "salt water sand stone wind"

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("factor", [36, 63, 10**30])
def test_a_backup_that_asks_for_more_memory_than_there_is_is_refused(factor: int) -> None:
    honest = passphrase.encrypt(b"a key", WORDS)
    head = re.sub(rb"(-> scrypt \S+ )\d+", rb"\g<1>%d" % factor, honest)

    with pytest.raises(BackupRefused, match="more memory"):
        unseal(io.BytesIO(MAGIC + _LENGTH.pack(len(head)) + head), io.BytesIO(), None, WORDS)
