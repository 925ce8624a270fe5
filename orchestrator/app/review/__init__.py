"""What a reviewer reads and decides."""
