"""Evidence verified, read from a line of code, carried about and countersigned."""
