"""A run from its beginning to its end, and what people do to one under way."""
