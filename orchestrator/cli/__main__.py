"""``python -m orchestrator.cli``: the same as ``handrail``."""

from orchestrator.cli.entry import main

if __name__ == "__main__":
    main()
