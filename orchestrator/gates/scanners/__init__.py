"""bandit and ruff on both sides of a change: their processes, what they are given and what is kept of their answers."""
