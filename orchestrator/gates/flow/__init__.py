"""What a Python module does with what it is given: names resolved, constants folded, untrusted data followed."""
