"""What is claimed, and how each claim is written: in-toto statements and their predicates."""
