"""Screens over a real review service."""

from __future__ import annotations

import os

import pytest
from review_support import (
    HUNKS,
    Disposition,
    House,
    SubjectKind,
    finding,
    hunk,
    plan_sheet,
    sheet,
)

from orchestrator.tui.app import HandrailApp

NOTE = finding("S608", Disposition.NOTE, path="shop/search.py", line=6, cwe=89, message="a query is built from text")


def shop(*findings, **rest):
    """A plan and a change that wait."""
    house = House()
    house.add(plan_sheet(), kind=SubjectKind.PLAN, item_id="item-0", title="Search in the shop")
    house.add(sheet(house.change(findings=findings or (finding(), NOTE), **rest)), item_id="item-1")
    return house


def app(house=None, item=None, *, only=False):
    return HandrailApp((house or shop()).reviews(), item, only=only)


def text_of(application):
    """What the terminal shows, line by line."""
    width, height = application.size
    strips = application.screen._compositor.render_strips()
    return "\n".join(strip.text.ljust(width) for strip in strips[:height])


def long_diff(rows):
    """A diff of one file with this many changed rows, and its hunks."""
    body = b"".join(b"+    value_%d = compute(%d, name='row %d')  # kept\n" % (n, n, n) for n in range(rows))
    head = b"diff --git a/shop/big.py b/shop/big.py\n--- a/shop/big.py\n+++ b/shop/big.py\n@@ -0,0 +1,%d @@\n" % rows
    return head + body, (hunk("shop/big.py", (0, 0), (1, rows)),)


__all__ = ["HUNKS", "NOTE", "app", "long_diff", "os", "pytest", "shop", "text_of"]
