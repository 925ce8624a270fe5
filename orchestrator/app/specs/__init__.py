"""A spec from its template to its plan, and followed from there to code."""
