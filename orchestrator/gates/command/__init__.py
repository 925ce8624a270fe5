"""Programs that a team's policy declares as gates."""
