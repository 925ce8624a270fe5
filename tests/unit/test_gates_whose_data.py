"""Whose data it is: requests of clients, answers that were asked for, functions that are handed over."""

from orchestrator.gates.flow.analysis import analyse


def test_request_of_a_client_is_no_request_of_a_visitor():
    told = (
        "import logging\nfrom {} import {} as Sent\n\n\ndef note(request: Sent):\n    logging.info('%s', request.url)\n"
    )
    assert {i["rule"] for i in analyse(told.format("starlette.requests", "Request").encode())["issues"]} == {"HR605"}
    for module, name in (("aiohttp", "ClientRequest"), ("httpx", "Request"), ("scrapy.http", "Request")):
        assert analyse(told.format(module, name).encode())["issues"] == []


def test_what_is_asked_for_is_not_what_a_visitor_sends_and_a_page_is_no_session():
    fetched = "import gzip, requests\n\n\ndef rows():\n    return gzip.decompress({})\n"
    asked = fetched.format("requests.get('https://example.com/a.gz', timeout=3).content")
    sent = fetched.replace("requests", "flask").format("flask.request.get_data()")
    assert {i["rule"] for i in analyse(sent.encode())["issues"]} == {"HR407"}
    assert analyse(asked.encode())["issues"] == []
    made = "import uuid\n\n\ndef {}(name):\n    return uuid.uuid5(uuid.NAMESPACE_URL, name)\n"
    assert {i["rule"] for i in analyse(made.format("session_token").encode())["issues"]} == {"HR705"}
    assert analyse(made.format("page_token").encode())["issues"] == []


def test_a_function_is_followed_into_the_thread_pool_or_task_that_calls_it():
    told = "import httpx\nfrom flask import request\n\n\ndef run(line):\n    httpx.get(line)\n\n\n"
    for way in (
        "pool.submit(run, request.args['c'])",
        "asyncio.to_thread(run, request.args['c'])",
        "loop.run_in_executor(None, run, request.args['c'])",
        "threading.Thread(target=run, args=(request.args['c'],))",
        "multiprocessing.Process(target=run, kwargs={'line': request.args['c']})",
        "pool.apply_async(run, (request.args['c'],))",
        "threading.Timer(3, run, (request.args['c'],))",
    ):
        head = f"import asyncio, multiprocessing, threading\n{told}def view(pool, loop):\n    {way}\n"
        assert {i["rule"] for i in analyse(head.encode())["issues"]} == {"HR501"}, way
        assert analyse(head.replace("request.args['c']", "'https://example.com/'").encode())["issues"] == [], way
