"""Trials of an agent before it is trusted: scenarios, runs of them, and the scorecard."""
