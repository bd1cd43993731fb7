"""Nothing in; the products and the campaigns of the tea shop out."""

from c360.examples.draws import Dice
from c360.records import dataclass


@dataclass(frozen=True)
class Product:
    """Something that the shop sells; the price is in cents."""

    sku: str
    name: str
    category: str
    brand: str
    price: int


categories = {
    "tea": ("Assam", "Darjeeling", "Sencha", "Oolong", "Rooibos", "Chai", "Jasmine", "Mint", "Earl Grey", "Matcha"),
    "coffee": ("Espresso", "Filter Roast", "Decaf", "Cold Brew", "Mocha", "Ristretto", "Lungo", "House Blend", "Peaberry", "Arabica"),
    "ware": ("Teapot", "Kettle", "Infuser", "Mug", "Press", "Scale", "Grinder", "Caddy", "Tray", "Cozy"),
    "sweets": ("Shortbread", "Honey", "Marzipan", "Nougat", "Gingerbread", "Fudge", "Wafers", "Macarons", "Brittle", "Jam"),
    "gifts": ("Gift Box", "Sampler", "Advent Calendar", "Tea Chest", "Voucher", "Hamper", "Card", "Candle", "Notebook", "Apron"),
}  # fmt: skip
base_price = {"tea": 690, "coffee": 990, "ware": 1_890, "sweets": 490, "gifts": 2_490}
brands = ("Larkspur", "Old Harbour", "Seven Hills", "Tallow & Finch", "Moorgate")
campaigns = ("newsletter", "search", "social", "affiliate", "")
mailings = ("spring-harvest", "summer-iced", "back-to-work", "autumn-blends", "winter-gifts", "new-year")


def make_products(seed: int) -> list[Product]:
    """Ten products in each of five categories."""
    dice = Dice(seed, "products")
    return [
        Product(
            f"{category.upper()}-{nth:02}",
            name,
            category,
            dice.choose(brands),
            base_price[category] + 50 * dice.below(20),
        )
        for category, names in categories.items()
        for nth, name in enumerate(names, start=1)
    ]


def choose_product(dice: Dice, products: list[Product], tastes: tuple[str, str]) -> Product:
    """A product, most often of a category that the person likes, and there most often one of the first."""
    category = dice.choose(tastes) if dice.chance(75) else dice.choose(tuple(categories))
    offered = [product for product in products if product.category == category]
    return offered[min(dice.below(len(offered)), dice.below(len(offered)))]
