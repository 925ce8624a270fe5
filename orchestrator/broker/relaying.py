"""Model requests: granted, paid for, signed outside, streamed through unbuffered, counted."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

from orchestrator.broker.budget import Hold
from orchestrator.broker.cassette import Reply
from orchestrator.broker.context import Context
from orchestrator.broker.credentials import base
from orchestrator.broker.hosted import refuse_hosted
from orchestrator.broker.ledger import Entry
from orchestrator.broker.refusal import Refusal
from orchestrator.broker.routes import Ask, Operation, Route, read, route
from orchestrator.broker.setup import Protection
from orchestrator.broker.upstream import Cut, Origin, Outgoing
from orchestrator.broker.usage import Meter, estimate_input
from orchestrator.broker.wire import Incoming
from orchestrator.models.capabilities import DataClass
from orchestrator.models.endpoint import Endpoint, Price, WireProtocol
from orchestrator.models.ids import Digest, sha256
from orchestrator.models.traffic import TrafficKind
from orchestrator.policy.egress import models_below

MAX_ANSWER_BYTES = 256 * 1024 * 1024
UNAUTHORIZED = 401
_MAX_REFUSAL_BYTES = 1024 * 1024
_MORE_TOKENS = 4096
_VERSION = re.compile(r"v[0-9]+[a-z0-9]*")
_PASSED_ON = re.compile(
    r"accept|content-type|user-agent|anthropic-(version|beta|dangerous-direct-browser-access)|openai-beta"
    r"|x-stainless-[a-z-]+|x-goog-api-client|x-app|idempotency-key|x-client-request-id|originator|session[_-]id"
)
_GIVEN_BACK = re.compile(
    r"content-type|content-length|cache-control|retry-after(-ms)?|(x-)?request-id|x-should-retry|openai-(model|processing-ms|version)"
    r"|(anthropic|x)-ratelimit-[a-z-]+|date"
)


@dataclass(frozen=True, slots=True)
class Target:
    """Where a granted request goes, and at what price."""

    endpoint: Endpoint
    model: str
    origin: Origin
    path: str
    price: Price | None


async def relay(context: Context, incoming: Incoming, entry: Entry) -> bool:
    """Serve one model request; whether the connection may go on. Raises :class:`Refusal` before an answer has begun."""
    found = route(incoming.head.method, incoming.head.target)
    if found.operation is Operation.LIST:
        return await _list(context, incoming, entry, found)
    body = await incoming.body()
    entry.bytes_out, entry.request = len(body), sha256(body)
    ask = read(found, body)
    entry.model = ask.model
    target = _target(context, found, ask)
    entry.kind, entry.endpoint, entry.host, entry.port = (
        TrafficKind.MODEL,
        target.endpoint.name,
        target.origin.host,
        target.origin.port,
    )
    if context.setup.holds(Protection.PROVIDER):
        refuse_hosted(found.protocol, ask.document, target.endpoint.provider_tools)
    if ask.model != target.model and not found.model:
        body = json.dumps({**ask.document, "model": target.model}, separators=(",", ":")).encode()
    if found.operation is Operation.COUNT:
        return await _relayed(Job(context, incoming, entry, found.protocol, found.method, target, body, None))
    price = target.price or Price(input_usd=0.0, output_usd=0.0)
    tokens = estimate_input(body)
    worst = (tokens * price.input_usd + ask.max_output * price.output_usd) / 1_000_000
    hold = await context.purse.hold(tokens + ask.max_output, worst)
    try:
        return await _relayed(Job(context, incoming, entry, found.protocol, found.method, target, body, hold))
    finally:
        if hold.tokens:
            context.purse.settle(hold, 0, 0.0)


def _target(context: Context, found: Route, ask: Ask) -> Target:
    """The first endpoint of the grant that has this model. Raises :class:`Refusal`."""
    setup = context.setup
    choices = [(e, m) for e in setup.endpoints for m in _names(e, ask.model) if _speaks(e, found.protocol)]
    granted = [(e, m) for e, m in choices if models_below([f"{e.name}/{m}"], setup.models)]
    if not granted:
        raise Refusal("BRK020", 403, f"the model {ask.model} is not granted to this step", "one of the granted models")
    fitting = [(e, m) for e, m in granted if e.local or setup.data is not DataClass.RESTRICTED]
    if not fitting:
        words = "this step reads restricted data, and the endpoint is not labelled local"
        raise Refusal("BRK022", 403, words, "a model of a local endpoint")
    endpoint, model = fitting[0]
    price = endpoint.prices.get(model) or endpoint.prices.get("*")
    if setup.cost_usd is not None and price is None and found.operation is Operation.GENERATE:
        words = f"there is a limit on cost, and the price of {endpoint.name}/{model} is not known"
        raise Refusal("BRK021", 403, words, "add its price to the configuration, or drop cost_usd")
    path, origin = base(endpoint)
    inner = found.path
    if any(_VERSION.fullmatch(part) for part in path.split("/")):
        inner = inner.removeprefix(found.version)
    if found.model:
        inner = inner.replace(f"/models/{found.model}:", f"/models/{model}:")
    target = path + inner + (f"?{found.query}" if found.query else "")
    return Target(endpoint, model, origin, target, price)


def _names(endpoint: Endpoint, asked: str) -> list[str]:
    """The model's name at this endpoint, if it has it: asked for as ``MODEL`` or ``ENDPOINT/MODEL``."""
    names = [asked, asked.removeprefix(endpoint.name + "/")]
    return [name for name in dict.fromkeys(names) if name in endpoint.models or "*" in endpoint.models][-1:]


def _speaks(endpoint: Endpoint, protocol: WireProtocol) -> bool:
    return endpoint.protocol is protocol


@dataclass(frozen=True, slots=True)
class Job:
    """One request on its way. ``hold`` is ``None`` for what costs nothing."""

    context: Context
    incoming: Incoming
    entry: Entry
    protocol: WireProtocol
    method: str
    target: Target
    body: bytes
    hold: Hold | None


async def _relayed(job: Job) -> bool:
    context, incoming, entry, target, body = job.context, job.incoming, job.entry, job.target, job.body
    headers = [(n, v) for n, v in incoming.head.headers if _PASSED_ON.fullmatch(n)]
    headers = [*headers, ("accept-encoding", "identity")]
    bare = Outgoing(job.method, target.path, tuple(headers), body)
    entry.path = target.path.partition("?")[0]
    answer = await _answered(context, target, bare)
    async with answer:
        entry.status = answer.status
        for code, words in answer.notes:
            entry.note(code, words)
        return await _Stream(job, streamed=answer.get("content-type").startswith("text/event-stream")).run(answer)


async def _answered(context: Context, target: Target, bare: Outgoing) -> Reply:
    """The upstream's answer; a token that it refuses is renewed once, and nothing of its refusal is passed on."""
    signer, resolver = context.signer(target.endpoint), context.resolver(private=target.origin.private)
    signed = [] if context.setup.replay else await signer.headers(bare, target.origin)
    answer = await context.sender.request(target.origin, resolver, bare.with_headers(signed))
    if answer.status != UNAUTHORIZED or not signer.refused(signed):
        return answer
    async with answer:
        await _drained(answer)
    signed = [] if context.setup.replay else await signer.headers(bare, target.origin)
    return await context.sender.request(target.origin, resolver, bare.with_headers(signed))


async def _drained(answer: Reply) -> None:
    """Read to its end, so that a recording has it whole."""
    read = 0
    try:
        while (piece := await answer.piece()) and read < _MAX_REFUSAL_BYTES:
            read += len(piece)
    except Cut:
        return


class _Stream:
    """One answer on its way in: masked, counted, digested, passed on piece by piece."""

    def __init__(self, job: Job, *, streamed: bool) -> None:
        self._context, self._incoming, self._entry = job.context, job.incoming, job.entry
        self._hold, self._price, self._body = job.hold, job.target.price, job.body
        self._meter = Meter(job.protocol, streamed=streamed)
        self._digest = hashlib.sha256()
        self._whole = False

    async def run(self, answer: Reply) -> bool:
        """Whether the connection may go on."""
        masked = self._context.masker.stream()
        self._incoming.start(answer.status, given_back(answer.headers))
        try:
            while piece := await answer.piece():
                data = masked.feed(piece)
                if data:
                    await self._pass_on(data)
                    await self._afford()
            rest = masked.end()
            if rest:
                await self._pass_on(rest)
            self._whole = True
            return await self._incoming.end()
        except Cut as cut:
            self._entry.note(cut.code, f"the upstream {cut.words}")
            self._incoming.break_off()
            return False
        except Refusal as refusal:
            self._entry.note(refusal.code, refusal.message)
            self._incoming.break_off()
            return False
        except OSError:
            self._entry.note("BRK045", "the sandbox left before the answer was complete")
            return False
        finally:
            if masked.masked:
                self._entry.note("BRK047", "the answer held a secret, which was masked")
            self._settle(answer.status)

    async def _pass_on(self, data: bytes) -> None:
        self._meter.feed(data)
        self._digest.update(data)
        self._entry.bytes_in += len(data)
        if self._entry.bytes_in > MAX_ANSWER_BYTES:
            raise Cut("BRK046", f"answered more than {MAX_ANSWER_BYTES >> 20} MiB")
        await self._incoming.send(data)

    async def _afford(self) -> None:
        """An answer that is longer than was asked for needs more, or ends."""
        if self._hold is None:
            return
        over = self._meter.output_estimate() - self._hold.tokens
        if over > 0:
            usd = self._price.output_usd if self._price else 0.0
            more = max(over, min(over + _MORE_TOKENS, self._context.purse.left_tokens))
            await self._context.purse.more(self._hold, more, more * usd / 1_000_000)

    def _settle(self, status: int) -> None:
        self._entry.response = Digest("sha256:" + self._digest.hexdigest())
        if self._hold is None:
            return
        counts = self._meter.counts(self._body, whole=self._whole)
        if status >= 400 and counts.estimated:  # noqa: PLR2004  an error without usage costs nothing
            self._context.purse.settle(self._hold, 0, 0.0)
            return
        self._entry.model = counts.model or self._entry.model
        if counts.estimated:
            self._entry.note("BRK060", "tokens are estimated: the upstream told no usage, or not all of it")
        cost_usd = counts.cost_usd(self._price) if self._price else None
        self._entry.tokens, self._entry.cost_usd = counts.tokens, cost_usd
        self._context.ledger.count(counts, cost_usd)
        self._context.purse.settle(self._hold, counts.tokens, counts.cost_usd(self._price))


def given_back(headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """What of an upstream's head the sandbox gets to see: no cookies, no names of accounts."""
    return [(n, v) for n, v in headers if _GIVEN_BACK.fullmatch(n)]


async def _list(context: Context, incoming: Incoming, entry: Entry, found: Route) -> bool:
    """The granted models, from the grant itself: nothing is asked outside."""
    setup = context.setup
    speaking = [e for e in setup.endpoints if PREFIX_OF[e.protocol] == PREFIX_OF[found.protocol]]
    names = [m for e in speaking for m in e.models if models_below([f"{e.name}/{m}"], setup.models)]
    if found.protocol is WireProtocol.GEMINI:
        told: dict[str, object] = {"models": [{"name": f"models/{name}"} for name in names]}
    else:
        rows = [{"id": name, "type": "model", "object": "model", "display_name": name} for name in names]
        told = {"object": "list", "data": rows, "has_more": False}
    entry.kind, entry.status, entry.path = TrafficKind.MODEL, 200, found.path
    await incoming.body()
    return await incoming.answer(200, [("content-type", "application/json")], json.dumps(told).encode())


PREFIX_OF = {p: p.name[:1] if p is not WireProtocol.CHAT else "R" for p in WireProtocol}
"""Responses and Chat Completions share one list."""
