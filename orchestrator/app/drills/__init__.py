"""Drills: planted, reviewed as any change, told, and taken away."""
