"""The counter's report."""


def lines(stock):
    """One line per article, in the order of numbers."""
    return [
        f"{number:<8}{stock.articles[number].name:<20}{stock.pieces[number]:>6}"
        for number in sorted(stock.articles)
    ]
