"""The nouns: frozen, each with the digest of the noun it came from. No I/O."""
