"""Card numbers are found in whatever dress, and nothing else is."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from data_contracts import card_numbers, dead_letter

# The numbers that issuers publish for tests.
NUMBERS = {
    "Visa": "4111111111111111",
    "Visa of 13": "4222222222222",
    "Visa of 19": "4000000000000000006",
    "Mastercard": "5555555555554444",
    "Mastercard of the 2 series": "2223003122003222",
    "American Express": "378282246310005",
    "Discover": "6011111111111117",
    "Diners": "30569309025904",
    "JCB": "3530111333300000",
    "UnionPay": "6200000000000005",
    "Maestro": "6304000000000000",
}
each_number = pytest.mark.parametrize("number", NUMBERS.values(), ids=NUMBERS.keys())

HARMLESS = {
    "fails Luhn": "4111111111111112",
    "no issuer's prefix": "1111111111111117",
    "twelve digits": "411111111111",
    "twenty digits": "41111111111111111111",
    "a Visa of 14 digits": "41111111111113",
    "an American Express of 16 digits": "3411111111111110",
    "milliseconds since 1970": "1763829543250",
    "a UUID whose groups would pass": "00000000-4111-4111-8111-111411111111",
    "the same without dashes": "a0000000411111111111111141111111",
    "a SHA-256": "9f86d081884c7d659a2feaa0c55ad0154111111111111111b822cd15d6c15b0f",
    "a telephone number": "+49 30 1234 5678",
    "an IBAN": "DE89370400440532013000",
    "nothing": "",
}


def dresses(number: str) -> list[str]:
    """The number as people and machines write it."""
    grouped = [number[start : start + 4] for start in range(0, 16, 4)]
    return [
        number,
        f"x{number}y",
        f'{{"card":{number}}}',
        f"paid with {number}.",
        number.translate({ord("0") + digit: ord("\uff10") + digit for digit in range(10)}),
        number.translate({ord("0") + digit: ord("\u0660") + digit for digit in range(10)}),
        "\u200b".join(number),
        *([" ".join(grouped), "-".join(grouped), f"id-{'-'.join(grouped)}"] * (len(number) == 16)),
        *(["\u00a0".join(grouped), "\u2013".join(grouped)] * (len(number) == 16)),
    ]


@each_number
def test_a_card_number_is_found_in_any_dress(number: str) -> None:
    missed = [text for text in dresses(number) if not card_numbers.holds(text)]
    assert not missed


@each_number
def test_a_masked_text_holds_no_card_number_and_keeps_the_rest(number: str) -> None:
    masked = card_numbers.mask(f"from {number} to acc-7, {number}")
    assert masked == "from [card number] to acc-7, [card number]"


def test_an_american_express_is_found_as_it_is_printed() -> None:
    assert card_numbers.holds("3782 822463 10005")
    assert card_numbers.holds("3782-822463-10005")
    assert not card_numbers.holds("3782 822463-10005")


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS.keys())
def test_what_only_looks_a_little_like_one_is_let_through(text: str) -> None:
    assert not card_numbers.holds(text)
    assert card_numbers.mask(text) == text


@given(st.text(st.sampled_from("0123456789- abcdef"), max_size=60))
def test_the_cheap_look_misses_nothing_that_the_thorough_one_finds(text: str) -> None:
    if card_numbers.holds(text):
        assert card_numbers.may_hold(text.encode())


@given(st.text(max_size=40), st.sampled_from(sorted(NUMBERS.values())), st.text(max_size=40))
def test_no_text_around_it_survives_masking_with_the_number(
    before: str, number: str, after: str
) -> None:
    assert not card_numbers.holds(card_numbers.mask(f"{before} {number} {after}"))


def test_a_dead_letter_keeps_harmless_bytes_as_they_came() -> None:
    raw = b"\xff{"
    assert dead_letter.masked(raw) == (raw, sha256(raw).hexdigest(), False)


@pytest.mark.parametrize(
    "value",
    [
        b'{"card_token":"4111111111111111"}',
        b'{"card_token":4111111111111111}',
        b'{"card_token":"\\u0034111111111111111"}',
        '{"card_token":"４１１１１１１１１１１１１１１１"}'.encode(),  # noqa: RUF001
        b"\xff 4111-1111-1111-1111 \xff",
    ],
)
def test_a_dead_letter_never_keeps_a_card_number(value: bytes) -> None:
    kept, digest, is_masked = dead_letter.masked(value)
    assert is_masked
    assert b"111" not in kept
    assert b"[card number]" in kept
    assert len(digest) == 64
    assert digest == dead_letter.masked(value)[1] != dead_letter.masked(kept)[1]
