"""Models and who pays for them: endpoints, leases, the broker of a run."""
