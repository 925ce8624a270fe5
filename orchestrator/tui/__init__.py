"""The review screens. Importing anything below this package loads Textual, so only the command that opens it does."""
