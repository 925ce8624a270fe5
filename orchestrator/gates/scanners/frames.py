"""How a scanner is asked: what both ends of its pipes know, apart from what the scanner alone loads."""

from __future__ import annotations

import struct

__all__ = ["ALL", "HEADER"]

HEADER = struct.Struct(">I")
ALL = ("outline", "analyse", "scan")
"""What is asked of the new side of every Python file; joined by ``+`` in one request, it is parsed once."""
