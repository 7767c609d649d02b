"""Short codes and addresses: what they look like; seen before, they cost a look-up."""

import ipaddress
from functools import lru_cache


def is_country(code: str | None) -> bool:
    """Whether it is written as ISO 3166-1 alpha-2 codes are, or not there."""
    return code is None or (code.isascii() and code.isalpha() and code.isupper())


def _is_category(code: str | None) -> bool:
    return code is None or (code.isascii() and code.isdigit())


@lru_cache(maxsize=65_536)
def are_codes(category: str | None, *countries: str | None) -> bool:
    """Whether a merchant category and countries are written as such codes are."""
    return _is_category(category) and all(map(is_country, countries))


@lru_cache(maxsize=65_536)
def is_address(text: str) -> bool:
    """Whether it is an IPv4 or IPv6 address without a zone."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return "%" not in text  # A zone may be any text, and means nothing on another machine.
