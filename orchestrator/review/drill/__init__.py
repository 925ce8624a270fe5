"""What a drill plants, and whether it was found. No I/O."""
