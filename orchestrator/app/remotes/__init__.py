"""Reviews that travel through the git remote that the team already has (D15)."""
