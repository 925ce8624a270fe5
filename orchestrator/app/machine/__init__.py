"""What this machine has for sandboxes and agents."""
