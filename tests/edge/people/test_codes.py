"""Codes, PINs and names, as people type them."""

import random

import pytest

from edge.people import codes
from sync.web.challenge.sheet import LETTERS

draw = random.Random(8).randbytes


def test_class_codes_have_no_vowels_and_no_look_alikes() -> None:
    drawn = "".join(codes.new_class_code(draw) for _ in range(200))

    assert set(drawn) == set(LETTERS)
    assert not set("AEIOU01258BQSZL") & set(drawn)


def test_every_letter_of_a_code_is_equally_likely() -> None:
    drawn = [codes.new_class_code(lambda count, byte=byte: bytes([byte] * count))[0] for byte in range(256)]

    assert {16} == {drawn.count(letter) for letter in LETTERS}


def test_a_drawn_pin_is_never_easy() -> None:
    pins = [codes.new_pin(draw) for _ in range(500)]

    assert [] == [pin for pin in pins if not codes.is_pin(pin) or codes.is_easy_pin(pin)]


@pytest.mark.parametrize("pin", ["0000", "7777", "1234", "6789", "4321"])
def test_easy_pins_are_known(pin: str) -> None:
    assert codes.is_easy_pin(pin)


@pytest.mark.parametrize(
    ("name", "key"),
    [("  Éloïse  ADAM ", "eloise adam"), ("مُحَمَّد", "محمد"), ("សុខា", "សុខា"), ("Waïs", "wais")],
)
def test_a_name_is_found_without_its_accents(name: str, key: str) -> None:
    assert key == codes.name_key(name)


def test_a_typed_code_is_read_as_it_was_meant() -> None:
    assert "KMTRDXWPCF" == codes.typed_code(" kmtrd-xwpcf ")
