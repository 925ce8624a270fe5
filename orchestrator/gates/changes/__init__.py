"""What a change is made of: both sides of each file, and what the newer one adds to the older."""
