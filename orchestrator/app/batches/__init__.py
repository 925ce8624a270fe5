"""Many runs as one: asked for, kept, conducted, reported."""
