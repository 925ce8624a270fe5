"""A plain folder in a sandbox's place, a lease without a broker, and a chat endpoint that says what it is told."""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from orchestrator.models.capabilities import Capabilities
from orchestrator.models.endpoint import WireProtocol
from orchestrator.models.ids import RequirementId, RunId, StepId, sha256
from orchestrator.models.plan import Step
from orchestrator.models.spec import Requirement, Span
from orchestrator.models.traffic import Traffic
from orchestrator.ports import AgentTask, Execution

PROGRAMS = Path(__file__).parents[2] / "sandboxes/images/base/opt/handrail/agents"


class Folder:
    """A sandbox port on a plain folder: the program is the real one, only the walls are missing."""

    def __init__(self, root: Path, env: Mapping[str, str] | None = None) -> None:
        self.root, self.env = root, env

    def execute(
        self,
        argv: Sequence[str],
        *,
        stdin: bytes = b"",
        env: Mapping[str, str] | None = None,
        timeout_seconds: float,
        on_output: Callable[[bytes], None] | None = None,
        live_input: Callable[[], bytes | None] | None = None,
    ) -> Execution:
        program = [sys.executable, *argv[1:-1], str(PROGRAMS / Path(argv[-1]).name)]
        process = subprocess.Popen(
            program,
            cwd=self.root,
            env=env or self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        process.stdin.write(stdin)
        process.stdin.flush()
        feeder = threading.Thread(target=_feed, args=(process, live_input), daemon=True)
        feeder.start()
        out, timed_out = b"", False
        alarm = threading.Timer(timeout_seconds, process.kill)
        alarm.start()
        for line in process.stdout:
            out += line
            if on_output is not None:
                on_output(line)
        timed_out = not alarm.is_alive()
        alarm.cancel()
        err = process.stderr.read()
        status = process.wait()
        feeder.join()
        for pipe in (process.stdout, process.stderr):
            pipe.close()
        return Execution(124 if timed_out else status, out, err, 0.0, timed_out=timed_out)


def _feed(process: subprocess.Popen[bytes], live_input: Callable[[], bytes | None] | None) -> None:
    with suppress(OSError):
        while live_input is not None and process.poll() is None and (piece := live_input()) != b"":
            process.stdin.write(piece or b"")
            process.stdin.flush()
            time.sleep(0.02)
    with suppress(OSError):
        process.stdin.close()


class Way:
    """A lease that leads straight to an endpoint."""

    mount, token, proxy, exhausted = "", "lease-token", "", ""

    def __init__(self, url: str) -> None:
        self.urls = {WireProtocol.CHAT: url}

    def close(self) -> Traffic:
        return Traffic()


class Endpoint:
    """Gives its answers in their order, the last one again and again. An answer is a body, or (status, body)."""

    def __init__(self, *answers: object) -> None:
        self.answers, self.seen, self.tokens = list(answers), list[dict](), set[str]()

    def reply(self, body: dict) -> tuple[int, bytes]:
        self.seen.append(body)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if callable(answer):
            answer = answer(body)
        status, told = answer if isinstance(answer, tuple) else (200, answer)
        return status, told if isinstance(told, bytes) else json.dumps(told).encode()


@contextmanager
def serving(endpoint: Endpoint) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            endpoint.tokens.add(f"{self.path} {self.headers['Authorization']}")
            status, data = endpoint.reply(body)
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/openai"
    finally:
        server.shutdown()
        server.server_close()


def calls(*wanted: tuple[str, object], text: str = "") -> dict:
    """A chat completion that calls tools."""
    told = [
        {
            "id": f"c{i}",
            "type": "function",
            "function": {"name": name, "arguments": a if isinstance(a, str) else json.dumps(a)},
        }
        for i, (name, a) in enumerate(wanted)
    ]
    message = {"role": "assistant", "content": text or None, "tool_calls": told}
    usage = {"prompt_tokens": 7, "completion_tokens": 3}
    return {"choices": [{"message": message, "finish_reason": "tool_calls"}], "usage": usage}


def words(text: str, reason: str = "stop") -> dict:
    """A chat completion of text alone."""
    return {"choices": [{"message": {"role": "assistant", "content": text}, "finish_reason": reason}]}


DONE = calls(("done", {"summary": "all is well"}))


def task(url: str | None = None, *, prompt: str = "Do it.", steering: object = None, seconds: int = 60) -> AgentTask:
    span = Span(line=1, end_line=1)
    wanted = Requirement(id=RequirementId("demo/REQ-001"), statement="x", span=span, text_digest=sha256(b"x"))
    step = Step(
        id=StepId("S01"),
        title="t",
        requirements=(wanted.id,),
        instruction="i",
        write=(),
        acceptance=(),
        capabilities=Capabilities(limits={"wall_seconds": seconds}),
    )
    way = Way(url) if url else None
    return AgentTask(RunId("20260101-abcdef"), step, 1, (wanted,), prompt, (), "here/small", way, steering)  # type: ignore[arg-type]
