"""What a request asks the model's provider to do is found, in each protocol and however it is spelled."""

import json

import pytest

from orchestrator.broker.hosted import URL_SOURCES, hosted, refuse_hosted
from orchestrator.broker.refusal import Refusal
from orchestrator.models.endpoint import WireProtocol

MESSAGES, RESPONSES, CHAT, GEMINI = (
    WireProtocol.ANTHROPIC,
    WireProtocol.RESPONSES,
    WireProtocol.CHAT,
    WireProtocol.GEMINI,
)
REMOTE = "https://evil.example/x.png"


def deep(levels, inner):
    for _ in range(levels):
        inner = [inner]
    return inner


ASKED = [
    (MESSAGES, {"tools": [{"type": "web_search_20250305", "name": "web_search"}]}, "web_search"),
    (MESSAGES, {"tools": [{"type": "web_fetch_20250910", "name": "f"}]}, "web_fetch"),
    (MESSAGES, {"tools": [{"name": "own"}, {"type": "code_execution_20250825", "name": "c"}]}, "code_execution"),
    (MESSAGES, {"tools": [{"type": "Web_Search_20250305", "name": "w"}]}, "web_search"),
    (MESSAGES, {"tools": [{"type": "made_up_tomorrow", "name": "x"}]}, "made_up_tomorrow"),
    (MESSAGES, {"tools": [{"type": 5, "name": "x"}]}, "an unknown tool"),
    (MESSAGES, {"tools": ["web_search"]}, "an unknown tool"),
    (MESSAGES, {"tools": {"type": "web_search_20250305"}}, "web_search"),
    (MESSAGES, {"Tools": [{"Type": "web_search_20250305"}]}, "web_search"),
    (MESSAGES, {"mcp_servers": [{"type": "url", "url": REMOTE, "name": "x"}]}, "mcp"),
    (MESSAGES, {"container": {"skills": [{"type": "anthropic", "skill_id": "pptx"}]}}, "code_execution"),
    (
        MESSAGES,
        {"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "url", "url": REMOTE}}]}]},
        URL_SOURCES,
    ),
    (
        MESSAGES,
        {
            "messages": [
                {
                    "role": "user",
                    "content": [
                        {
                            "type": "tool_result",
                            "content": [{"type": "document", "source": {"type": "URL", "url": REMOTE}}],
                        }
                    ],
                }
            ]
        },
        URL_SOURCES,
    ),
    (MESSAGES, {"system": [{"type": "document", "source": {"type": "url", "url": REMOTE}}]}, URL_SOURCES),
    (MESSAGES, {"messages": deep(200, {"type": "text"})}, "a request nested too deep to be read"),
    (RESPONSES, {"tools": [{"type": "web_search"}]}, "web_search"),
    (RESPONSES, {"tools": [{"type": "web_search_preview_2025_03_11"}]}, "web_search"),
    (RESPONSES, {"tools": [{"type": "mcp", "server_url": REMOTE, "server_label": "x"}]}, "mcp"),
    (RESPONSES, {"tools": [{"type": "code_interpreter", "container": {"type": "auto"}}]}, "code_interpreter"),
    (RESPONSES, {"tools": [{"type": "file_search", "vector_store_ids": ["v"]}]}, "file_search"),
    (RESPONSES, {"tools": [{"type": "image_generation"}]}, "image_generation"),
    (RESPONSES, {"tools": [{"type": "shell", "environment": {"type": "container_auto"}}]}, "shell"),
    (RESPONSES, {"tools": [{"type": "namespace", "tools": [{"type": "web_search"}]}]}, "web_search"),
    (RESPONSES, {"tools": [{"name": "no type"}]}, "an unknown tool"),
    (RESPONSES, {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": REMOTE}]}]}, URL_SOURCES),
    (RESPONSES, {"input": [{"role": "user", "content": [{"type": "input_file", "file_url": REMOTE}]}]}, URL_SOURCES),
    (CHAT, {"web_search_options": {"user_location": None}}, "web_search"),
    (CHAT, {"plugins": [{"id": "web"}]}, "plugins"),
    (CHAT, {"tools": [{"type": "browser"}]}, "browser"),
    (
        CHAT,
        {
            "messages": [
                {"role": "user", "content": [{"type": "image_url", "image_url": {"url": " HTTPS://evil.example"}}]}
            ]
        },
        URL_SOURCES,
    ),
    (GEMINI, {"tools": [{"googleSearch": {}}]}, "google_search"),
    (GEMINI, {"tools": [{"google_search": {}}]}, "google_search"),
    (GEMINI, {"tools": [{"functionDeclarations": [], "urlContext": {}}]}, "urlcontext"),
    (GEMINI, {"tools": [{"code_execution": {}}]}, "codeexecution"),
    (GEMINI, {"contents": [{"parts": [{"fileData": {"fileUri": REMOTE, "mimeType": "image/png"}}]}]}, URL_SOURCES),
    (GEMINI, {"contents": [{"parts": [{"file_data": {"file_uri": "gs://bucket/x"}}]}]}, URL_SOURCES),
]


@pytest.mark.parametrize(("protocol", "document", "name"), ASKED, ids=lambda v: v if isinstance(v, str) else None)
def test_it_is_found_refused_and_let_through_where_the_endpoint_lists_it(protocol, document, name):
    assert name in list(hosted(protocol, document))
    with pytest.raises(Refusal) as caught:
        refuse_hosted(protocol, document, ())
    assert caught.value.code == "BRK024"
    assert name in caught.value.message
    refuse_hosted(protocol, document, (name,))


PICTURE = "data:image/png;base64,iVBORw0KGgo="
OWN = [
    (
        MESSAGES,
        {"tools": [{"name": "read", "input_schema": {"type": "object", "properties": {"url": {"type": "string"}}}}]},
    ),
    (MESSAGES, {"tools": [{"type": "custom", "name": "web_search", "input_schema": {"type": "object"}}]}),
    (MESSAGES, {"tools": [{"type": "bash_20250124", "name": "bash"}, {"type": "text_editor_20250728", "name": "e"}]}),
    (MESSAGES, {"tools": [], "mcp_servers": [], "container": None}),
    (MESSAGES, {"messages": [{"role": "user", "content": f"fetch {REMOTE} with web_search"}]}),
    (
        MESSAGES,
        {
            "messages": [
                {
                    "role": "assistant",
                    "content": [{"type": "tool_use", "id": "1", "name": "f", "input": {"image_url": REMOTE}}],
                },
                {"role": "user", "content": [{"type": "image", "source": {"type": "base64", "data": "aGk="}}]},
            ]
        },
    ),
    (RESPONSES, {"tools": [{"type": "function", "name": "web_search", "parameters": {"fileUrl": REMOTE}}]}),
    (RESPONSES, {"tools": [{"type": "local_shell"}, {"type": "custom", "name": "apply_patch"}]}),
    (RESPONSES, {"tools": [{"type": "shell", "environment": {"type": "local"}}]}),
    (RESPONSES, {"input": "look at https://example.org"}),
    (RESPONSES, {"input": [{"role": "user", "content": [{"type": "input_image", "image_url": PICTURE}]}]}),
    (CHAT, {"tools": [{"type": "function", "function": {"name": "web_search"}}], "web_search_options": None}),
    (CHAT, {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": PICTURE}}]}]}),
    (GEMINI, {"tools": [{"functionDeclarations": [{"name": "google_search", "parametersJsonSchema": {}}]}]}),
    (GEMINI, {"contents": [{"parts": [{"functionCall": {"name": "f", "args": {"fileUri": REMOTE}}}]}]}),
    (GEMINI, {"contents": [{"parts": [{"inlineData": {"mimeType": "image/png", "data": "aGk="}}]}]}),
]


@pytest.mark.parametrize(("protocol", "document"), OWN)
def test_the_agents_own_tools_and_words_pass(protocol, document):
    refuse_hosted(protocol, json.loads(json.dumps(document)), ())
