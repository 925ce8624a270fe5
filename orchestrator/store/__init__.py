"""What is kept: the index of runs, content-addressed blobs, checkpoints, and the lease of a run."""
