"""Sheets: codes for one use each, printed or written down, for when no script runs or a phone is lost.

* A code is ten letters that look and sound like nothing else: 40 bits, and each guess costs 8 MiB.
* Only hashes are kept; a code is compared by its hash, and whoever spends it takes it out.
"""

import hashlib
from collections.abc import Callable

from sync.web import passwords

LETTERS = "CDFGHJKMNPRTVWXY"
"""Sixteen, without vowels: four bits each, so that every random byte gives one without favour; and no rude words."""

CODE_LETTERS = 10
CODES_OF_SHEET = 10
COST, BLOCK = 1 << 13, 8
MEMORY_BYTES_MAX = 256 * BLOCK * COST


def draw_letters(random_bytes: Callable[[int], bytes], count: int) -> str:
    return "".join(LETTERS[byte % len(LETTERS)] for byte in random_bytes(count))


def draw_code(random_bytes: Callable[[int], bytes]) -> str:
    """Draw a code in two groups for reading: KMTRD-XWPCF."""
    drawn = draw_letters(random_bytes, CODE_LETTERS)
    return f"{drawn[:5]}-{drawn[5:]}"


def draw_sheet(random_bytes: Callable[[int], bytes]) -> list[str]:
    """Draw a sheet of codes, no two alike."""
    codes: dict[str, None] = {}
    while len(codes) < CODES_OF_SHEET:
        codes[draw_code(random_bytes)] = None
    return list(codes)


def hash_code(code: str, owner: str) -> str:
    """What is kept of a code, however it was typed. The owner's random name makes two owners' hashes differ."""
    meant = "".join(letter for letter in code.upper() if letter.isalnum())[: 4 * CODE_LETTERS]
    return stretch(meant, owner).hex()


def stretch(code: str, owner: str) -> bytes:
    with passwords.room:
        return hashlib.scrypt(
            code.encode(), salt=owner.encode(), n=COST, r=BLOCK, p=1, dklen=32, maxmem=MEMORY_BYTES_MAX
        )
