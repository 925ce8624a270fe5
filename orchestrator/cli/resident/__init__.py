"""A process of this user that has everything loaded and answers ``handrail gate`` in forks of itself (ADR 0019)."""
