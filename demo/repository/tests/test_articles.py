import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "src"))

from stockroom.articles import Article, Stock
from stockroom.report import lines

SCREW = Article("A-1", "screw", 5)


class StockTest(unittest.TestCase):
    def test_what_comes_in_is_there(self):
        stock = Stock()
        stock.receive(SCREW, 100)
        stock.pick("A-1", 30)
        self.assertEqual(stock.pieces["A-1"], 70)
        self.assertEqual(stock.value_cents(), 350)

    def test_nobody_picks_what_is_not_there(self):
        with self.assertRaises(ValueError):
            Stock().pick("A-1", 1)

    def test_the_report_has_a_line_per_article(self):
        stock = Stock()
        stock.receive(SCREW, 7)
        self.assertEqual(lines(stock), ["A-1     screw                    7"])


if __name__ == "__main__":
    unittest.main()
