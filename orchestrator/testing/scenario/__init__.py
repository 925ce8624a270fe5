"""A server that answers as a model endpoint from a readable file: for tests, never a model."""
