"""Where statements are kept: one append-only log per writer, and bundles that can be carried."""
