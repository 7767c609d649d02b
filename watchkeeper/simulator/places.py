"""Where people live, shop and travel: cities with their country, place and weight."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class City:
    """A city; `weight` is its share of the bank's customers, `utc_offset` whole hours."""

    name: str
    country: str
    latitude: float
    longitude: float
    utc_offset: int
    currency: str
    weight: float


HOME_CITIES = (
    City("Berlin", "DE", 52.520, 13.405, 1, "EUR", 9.0),
    City("Hamburg", "DE", 53.551, 9.994, 1, "EUR", 6.0),
    City("Munich", "DE", 48.137, 11.575, 1, "EUR", 6.0),
    City("Cologne", "DE", 50.938, 6.960, 1, "EUR", 5.0),
    City("Leipzig", "DE", 51.340, 12.375, 1, "EUR", 3.0),
    City("Vienna", "AT", 48.208, 16.373, 1, "EUR", 5.0),
    City("Graz", "AT", 47.071, 15.439, 1, "EUR", 1.5),
    City("Paris", "FR", 48.857, 2.352, 1, "EUR", 9.0),
    City("Lyon", "FR", 45.764, 4.836, 1, "EUR", 4.0),
    City("Marseille", "FR", 43.296, 5.370, 1, "EUR", 3.0),
    City("Amsterdam", "NL", 52.368, 4.904, 1, "EUR", 4.0),
    City("Rotterdam", "NL", 51.924, 4.478, 1, "EUR", 3.0),
    City("Brussels", "BE", 50.850, 4.352, 1, "EUR", 3.0),
    City("Madrid", "ES", 40.417, -3.704, 1, "EUR", 6.0),
    City("Barcelona", "ES", 41.385, 2.173, 1, "EUR", 5.0),
    City("Valencia", "ES", 39.470, -0.376, 1, "EUR", 2.5),
    City("Milan", "IT", 45.464, 9.190, 1, "EUR", 5.0),
    City("Rome", "IT", 41.903, 12.496, 1, "EUR", 5.0),
    City("Turin", "IT", 45.070, 7.687, 1, "EUR", 2.0),
    City("Lisbon", "PT", 38.722, -9.139, 0, "EUR", 2.5),
    City("Dublin", "IE", 53.350, -6.260, 0, "EUR", 2.5),
    City("Helsinki", "FI", 60.170, 24.938, 2, "EUR", 2.0),
)

# Where nobody has an account with us, but where customers travel and cards are misused.
FAR_CITIES = (
    City("London", "GB", 51.507, -0.128, 0, "GBP", 3.0),
    City("Zurich", "CH", 47.377, 8.541, 1, "CHF", 2.0),
    City("Prague", "CZ", 50.075, 14.437, 1, "CZK", 2.0),
    City("Copenhagen", "DK", 55.676, 12.568, 1, "DKK", 1.5),
    City("New York", "US", 40.713, -74.006, -5, "USD", 1.5),
    City("Miami", "US", 25.762, -80.192, -5, "USD", 1.0),
    City("Dubai", "AE", 25.205, 55.271, 4, "AED", 0.5),
    City("Bangkok", "TH", 13.756, 100.502, 7, "THB", 0.8),
    City("Sydney", "AU", -33.869, 151.209, 10, "AUD", 0.4),
    City("Tokyo", "JP", 35.676, 139.650, 9, "JPY", 0.4),
)

CITIES = HOME_CITIES + FAR_CITIES

# Under increased scrutiny or counter-measures by the Financial Action Task Force.
HIGH_RISK_COUNTRIES = ("IR", "KP", "MM")
