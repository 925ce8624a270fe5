"""Keys in files, in agents and behind commands, and what they sign with."""
