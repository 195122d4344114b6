"""Languages as films and older packages name them: three letters, where pages name them by two."""

_SHORT = {
    "amh": "am", "ara": "ar", "ben": "bn", "bur": "my", "chi": "zh", "deu": "de", "eng": "en", "fas": "fa", "fra": "fr",
    "fre": "fr", "ger": "de", "hau": "ha", "hin": "hi", "ind": "id", "ita": "it", "jpn": "ja", "khm": "km", "kor": "ko",
    "mal": "ml", "mya": "my", "nep": "ne", "per": "fa", "por": "pt", "pus": "ps", "rus": "ru", "sin": "si", "som": "so",
    "spa": "es", "swa": "sw", "tam": "ta", "tel": "te", "tha": "th", "tir": "ti", "tur": "tr", "ukr": "uk", "urd": "ur",
    "vie": "vi", "zho": "zh",
}  # fmt: skip


def short_tag(tag: str) -> str:
    """The tag that pages use; "" where none was said.

    >>> short_tag("fra"), short_tag("und"), short_tag("pt-BR")
    ('fr', '', 'pt-BR')
    """
    return "" if tag in ("und", "mul", "zxx", "mis") else _SHORT.get(tag.lower(), tag)
