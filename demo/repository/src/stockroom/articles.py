"""Articles and the stock of them."""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Article:
    """``price_cents`` is for one piece, without tax."""

    number: str
    name: str
    price_cents: int


@dataclass
class Stock:
    """How many pieces of each article there are."""

    articles: dict = field(default_factory=dict)
    pieces: dict = field(default_factory=dict)

    def receive(self, article, count):
        """Take pieces in."""
        if count <= 0:
            raise ValueError("a delivery has at least one piece")
        self.articles[article.number] = article
        self.pieces[article.number] = self.pieces.get(article.number, 0) + count

    def pick(self, number, count):
        """Take pieces out for an order."""
        if count <= 0:
            raise ValueError("an order has at least one piece")
        if self.pieces.get(number, 0) < count:
            raise ValueError(f"not enough pieces of {number}")
        self.pieces[number] -= count

    def value_cents(self):
        """What the whole stock is worth."""
        return sum(self.articles[number].price_cents * count for number, count in self.pieces.items())
