"""The attacks of ``handrail sandbox selftest`` on what this room holds, one file per family."""
