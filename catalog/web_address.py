"""Addresses of the web, as packages name them: what a page may offer."""

import re
from urllib.parse import urlsplit

ADDRESS_LETTERS_MAX = 2_000


def is_web_address(address: str) -> bool:
    """Tell whether this is an address of the web that a page may offer."""
    if len(address) > ADDRESS_LETTERS_MAX or re.search(r"[\s\x00-\x1f<>\"]", address):
        return False
    try:
        parts = urlsplit(address)
        return parts.scheme.lower() in ("http", "https") and bool(parts.hostname)
    except ValueError:
        return False
