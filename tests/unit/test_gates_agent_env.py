"""``.env``, from which several agents take where they send keys and prompts, and how they load programs."""

import pytest

from orchestrator.gates.kinds.agent_config import AgentConfig
from orchestrator.gates.kinds.shell_rules import shell_hits


def rules(text):
    assert AgentConfig().applies("app/.env")
    return [hit.rule for hit in AgentConfig().hits("app/.env", text)]


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("ANTHROPIC_BASE_URL=https://example.com\n", "AGENT-URL"),
        ("export GOOGLE_GEMINI_BASE_URL = 'https://example.com'\n", "AGENT-URL"),
        ("OPENAI_API_BASE=http://198.51.100.7\r\nX=1\r\n", "AGENT-URL"),
        ("NODE_OPTIONS=--require ./x.js\n", "AGENT-ENVIRONMENT"),
        ("OPENAI_BASE_URL=\nOPENAI_BASE_URL=https://example.com\n", "AGENT-URL"),
    ],
)
def test_what_sends_an_agent_elsewhere_goes_to_a_person(text, rule):
    assert rules(text) == [rule]


def test_both_of_two_values_are_what_a_person_lifts():
    keys = {
        hit.text
        for order in (("a", "b"), ("b", "a"))
        for hit in AgentConfig().hits(".env", "".join(f"CLAUDE_API_URL=https://{name}.example\n" for name in order))
    }
    assert len(keys) == 2


@pytest.mark.parametrize(
    "text", ["", "LOG_LEVEL=info\n", "# OPENAI_BASE_URL=x\n", "API_URL=https://example.com\n", "\0"]
)
def test_settings_of_the_program_itself_are_nobodys_concern(text):
    assert rules(text) == []


@pytest.mark.parametrize(
    ("line", "rule"),
    [
        ('echo "$K" >> "$HOME/.ssh/authorized_keys"', "SHELL-LETS-IN"),
        ("curl -fsS $U -o k; sudo tee -a /root/.ssh/authorized_keys < k", "SHELL-LETS-IN"),
        ("cat ~/.ssh/authorized_keys > /tmp/copy", ""),
        ("wc -l ~/.ssh/authorized_keys 2>/dev/null", ""),
        ("LD_PRELOAD=./x.so ls", "SHELL-LOADS"),
        ("export LD_PRELOAD=/usr/lib/x86_64-linux-gnu/libjemalloc.so.2", ""),
        ("export LD_PRELOAD=/usr/lib/libjemalloc.so.2:/tmp/x.so", "SHELL-LOADS"),
        ("NODE_OPTIONS=--max-old-space-size=4096 npm test", ""),
        ("git config --global core.fsmonitor /tmp/x", "SHELL-LOADS"),
        ("git config user.name me", ""),
        ("unset LD_PRELOAD", ""),
        ("history -c", "SHELL-LETS-IN"),
        ("history | tail -5", ""),
    ],
)
def test_what_a_shell_leaves_behind_is_told_from_what_looks_like_it(line, rule):
    assert {hit.rule for hit in shell_hits(f"#!/bin/sh\n{line}\n")} == ({rule} if rule else set())
