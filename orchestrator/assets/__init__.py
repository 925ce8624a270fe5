"""Finds workflows, templates, images and profiles: bundled, or in the checkout; nothing shadows a bundled id."""
