import unittest

from shop import total


class Totals(unittest.TestCase):
    def test_nothing(self):
        self.assertEqual(total([]), 0)

    def test_two(self):
        self.assertEqual(total([10, 5]), 15)

    def test_reduced(self):
        self.assertEqual(total([10, 5], reduction=3), 12)
