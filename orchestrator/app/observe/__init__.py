"""What happened: reports, traces sent elsewhere, incidents, drift."""
