"""Whom a verifier believes: signed policies, this user's trust, and demands of his own."""
