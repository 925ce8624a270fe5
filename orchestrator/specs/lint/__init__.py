"""What a careful reader would ask of a spec, as rules that need no model."""
