"""What was approved reaches a branch, or is taken back from it."""
