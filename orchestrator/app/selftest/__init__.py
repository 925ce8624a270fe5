"""The self-test's use case, and the attacks on the way out, which several rooms hold together."""
