"""The only place that renders text from templates."""
