"""What is proved of a workflow before anything runs: pure, on our own representation of it."""
