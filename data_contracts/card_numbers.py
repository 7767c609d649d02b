"""Card numbers never enter: find what looks like one, in any text."""

import re
import unicodedata

MASK = "[card number]"
DIGITS_MIN, DIGITS_MAX = 13, 19

# A run of digits, or grouped as on a card (4-4-4-4, 4-6-5); never part of a longer number.
_CANDIDATE = re.compile(
    r"(?<![0-9])(?:[0-9]{13,19}"
    r"|[0-9]{4}([ -])[0-9]{4}\1[0-9]{4}\1[0-9]{1,7}"
    r"|[0-9]{4}([ -])[0-9]{6}\2[0-9]{4,5})(?![0-9])"
)
# Visa, Mastercard, American Express, Discover, Diners, JCB, UnionPay, Maestro.
_ISSUER = re.compile(
    r"4|5[1-5]|2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)|3[47]|6(?:011|4[4-9]|5)|3(?:0[0-5]|[689])"
    r"|35(?:2[89]|[3-8])|62|5[06789]|6[0-9]"
)
_DIGITS_TO_ZERO = bytes.maketrans(b"123456789", b"000000000")
# Every grouped form begins like one of the last two.
_SHAPES = (b"0" * DIGITS_MIN, b"0000-0000", b"0000 0000")


def may_hold(raw: bytes) -> bool:
    """Say cheaply (about 2 us per 400 bytes) that ASCII text holds no candidate at all."""
    shape = raw.translate(_DIGITS_TO_ZERO)
    return any(candidate in shape for candidate in _SHAPES)


def _is_card_number(candidate: str) -> bool:
    digits = [int(character) for character in candidate if character.isdigit()]
    if not DIGITS_MIN <= len(digits) <= DIGITS_MAX or not _ISSUER.match("".join(map(str, digits))):
        return False
    doubled = sum(sum(divmod(2 * digit, 10)) for digit in digits[-2::-2])
    return (doubled + sum(digits[-1::-2])) % 10 == 0


def holds(text: str) -> bool:
    """Whether the text holds a number that passes Luhn and begins as an issuer's does."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return any(_is_card_number(match[0]) for match in _CANDIDATE.finditer(plain))


def mask(text: str) -> str:
    """The text with every card number in it replaced."""
    plain = text if text.isascii() else unicodedata.normalize("NFKC", text)
    return _CANDIDATE.sub(lambda match: MASK if _is_card_number(match[0]) else match[0], plain)
