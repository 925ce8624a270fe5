"""People's verdicts: what waits, what is shown, who may decide, and the decision that is signed."""
