"""What a file is, hides, opens or destroys."""
