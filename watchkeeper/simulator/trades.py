"""What shops sell and what it costs: merchant categories with their usual amounts."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Trade:
    """A merchant category; amounts are log-normal about `median_minor`, cut at `most_minor`."""

    category: str
    weight: float
    median_minor: int
    spread: float
    most_minor: int


SHOP_TRADES = (
    Trade("5411", 30.0, 2_800, 0.70, 25_000),  # groceries
    Trade("5812", 11.0, 3_400, 0.60, 30_000),  # restaurants
    Trade("5814", 11.0, 1_050, 0.45, 6_000),  # fast food
    Trade("5541", 8.0, 5_200, 0.40, 15_000),  # service stations
    Trade("5912", 7.0, 1_700, 0.60, 15_000),  # pharmacies
    Trade("4111", 7.0, 420, 0.60, 9_000),  # local transport
    Trade("5651", 5.0, 4_800, 0.60, 45_000),  # clothing
    Trade("5310", 5.0, 1_500, 0.60, 12_000),  # discount shops
    Trade("5200", 3.0, 4_500, 0.80, 80_000),  # home supply
    Trade("5942", 2.5, 1_900, 0.50, 12_000),  # bookshops
    Trade("5977", 2.5, 2_300, 0.50, 15_000),  # cosmetics
    Trade("7230", 2.5, 3_200, 0.45, 20_000),  # hairdressers
    Trade("4121", 2.0, 1_600, 0.50, 9_000),  # taxis
    Trade("5732", 1.5, 9_500, 0.90, 120_000),  # electronics
    Trade("7011", 1.0, 14_000, 0.50, 90_000),  # hotels
    Trade("5944", 0.5, 11_000, 0.80, 150_000),  # jewellery
)

ONLINE_TRADES = (
    Trade("5999", 30.0, 2_900, 0.80, 60_000),  # market places
    Trade("5651", 14.0, 5_200, 0.60, 45_000),  # clothing
    Trade("4899", 12.0, 1_299, 0.25, 6_000),  # streaming
    Trade("5815", 9.0, 1_290, 0.35, 8_000),  # music, books, films
    Trade("5816", 8.0, 1_900, 0.50, 12_000),  # games
    Trade("4814", 7.0, 2_500, 0.40, 12_000),  # telephone
    Trade("5732", 7.0, 7_900, 0.90, 120_000),  # electronics
    Trade("7922", 5.0, 5_600, 0.50, 40_000),  # tickets
    Trade("4511", 3.0, 17_500, 0.60, 140_000),  # airlines
    Trade("7011", 3.0, 15_500, 0.50, 120_000),  # hotels
    Trade("8398", 2.0, 2_500, 0.60, 30_000),  # charities
)
