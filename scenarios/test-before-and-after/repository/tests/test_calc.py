import unittest

from calc import half


class Halves(unittest.TestCase):
    def test_even(self):
        self.assertEqual(half(4), 2)
