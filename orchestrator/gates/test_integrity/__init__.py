"""Whether a change makes tests ask less."""
