"""What runs did, compared with what runs did before."""
