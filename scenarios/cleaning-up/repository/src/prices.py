from pathlib import Path


def prices():
    return Path("data/2025.csv").read_text()
