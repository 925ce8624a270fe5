"""What each agent prints, as events: one module an agent, each with a class ``Words``.

``line(raw)`` takes one line and gives ``(kind, text, data)``; ``final`` is the agent's last word once it has ended
well, ``error`` what it says went wrong.
"""
