"""Signing in, for tests: what the script of a page does, and waiting for it in a real browser."""

import random
from collections.abc import Callable, Mapping
from typing import Any

from sync.web.challenge.prover import Prover

Post = Callable[[str, Mapping[str, str]], Mapping[str, str]]
"""Sends fields to an address, with the word of the session, and gives the JSON that comes back."""


def talk(post: Post, address: str, name: str = "") -> Prover:
    """Begin a talk; with a name, about the password of that account."""
    prover = Prover(random.Random(address).randbytes, name)
    prover.hears(post(address, prover.asks()))
    return prover


def press(page: Any, button: str = "main form button") -> None:
    """Press a button whose form takes a moment to prove a password, and wait for the page that follows."""
    with page.expect_navigation():
        page.click(button)
