"""Gates and acceptance on the wire: in-toto test-result v0.1.

``result``: PASSED is PASSED, NEEDS_PERSON is WARNED, FAILED and ERROR are FAILED (the exact one is annotated on the
report). Tests are named by fingerprint (gates) or number (commands). What a person waived stands in that person's
decision (``lifts``), by the same fingerprints as ``warnedTests``.
"""

from __future__ import annotations

from typing import Final

from orchestrator.models.found import Result
from orchestrator.models.gate import Demonstration
from orchestrator.provenance.predicates.claims import AcceptanceClaim, CommandClaim, GateClaim
from orchestrator.provenance.predicates.wire import Json

from . import wire

_WIRE_RESULT: Final = {
    Result.PASSED: "PASSED",
    Result.NEEDS_PERSON: "WARNED",
    Result.FAILED: "FAILED",
    Result.ERROR: "FAILED",
}


def read(statement: Json) -> GateClaim | AcceptanceClaim:
    """The claim of such a statement."""
    first: str = statement["predicate"]["configuration"][0]["name"]
    return _read_gate(statement) if first == "configuration" else _read_acceptance(statement)


def _judged(claim: GateClaim | AcceptanceClaim) -> Json:
    identity = claim.identity
    return wire.noted(
        "change",
        wire.digest_of(identity),
        targetRef=identity.target_ref,
        tip=identity.tip,
        custody=claim.custody.value,
        statedOn=wire.time(claim.at),
    )


def gate(claim: GateClaim) -> Json:
    """Of one gate."""
    report = wire.noted("report", claim.report, gate=claim.gate, result=claim.result.value)
    return {
        "result": _WIRE_RESULT[claim.result],
        "configuration": [
            wire.noted("configuration", claim.config, tool=claim.tool, toolVersion=claim.tool_version),
            report,
            _judged(claim),
        ],
        "passedTests": [claim.gate] if claim.result is Result.PASSED else [],
        "warnedTests": list(claim.to_lift),
        "failedTests": list(claim.failing),
    }


def acceptance(claim: AcceptanceClaim) -> Json:
    """Of the acceptance commands."""
    names = [f"command-{n:02}" for n in range(1, len(claim.commands) + 1)]
    failed = [n for n, c in zip(names, claim.commands, strict=True) if c.shows is Demonstration.FAILED]
    red = [n for n, c in zip(names, claim.commands, strict=True) if c.shows is Demonstration.RED]
    commands = [_command(n, c) for n, c in zip(names, claim.commands, strict=True)]
    return {
        "result": _WIRE_RESULT[claim.result],
        "configuration": [
            wire.sha("sandbox-image", claim.image),
            wire.noted("report", claim.report, result=claim.result.value),
            _judged(claim),
            *([wire.sha("environment", claim.environment)] if claim.environment else []),
            *commands,
        ],
        "passedTests": [n for n in names if n not in {*failed, *red}],
        "warnedTests": red,
        "failedTests": failed,
    }


def _command(name: str, command: CommandClaim) -> Json:
    return wire.noted(
        name,
        command.output,
        argv=list(command.argv),
        source=command.source,
        exitOnBase=command.exit_on_base,
        exitOnChange=command.exit_on_change,
        shows=command.shows.value,
    )


def _read_gate(statement: Json) -> GateClaim:
    predicate = statement["predicate"]
    config, report, change = predicate["configuration"]
    noted = change["annotations"]
    return GateClaim.model_validate(
        {
            "gate": report["annotations"]["gate"],
            "tool": config["annotations"]["tool"],
            "tool_version": config["annotations"]["toolVersion"],
            "config": wire.unsha(config),
            "report": wire.unsha(report),
            "identity": wire.identity(statement, 0, noted["targetRef"], noted["tip"]),
            "result": report["annotations"]["result"],
            "to_lift": predicate["warnedTests"],
            "failing": predicate["failedTests"],
            "custody": noted["custody"],
            "at": noted["statedOn"],
        }
    )


def _read_acceptance(statement: Json) -> AcceptanceClaim:
    image, report, change, *rest = statement["predicate"]["configuration"]
    noted = change["annotations"]
    environment = rest.pop(0) if rest and rest[0]["name"] == "environment" else None
    return AcceptanceClaim.model_validate(
        {
            "identity": wire.identity(statement, 0, noted["targetRef"], noted["tip"]),
            "image": wire.unsha(image),
            "environment": wire.unsha(environment) if environment else None,
            "result": report["annotations"]["result"],
            "report": wire.unsha(report),
            "commands": [_read_command(c) for c in rest],
            "custody": noted["custody"],
            "at": noted["statedOn"],
        }
    )


def _read_command(descriptor: Json) -> Json:
    noted = descriptor["annotations"]
    return {
        "argv": noted["argv"],
        "source": noted["source"],
        "exit_on_base": noted["exitOnBase"],
        "exit_on_change": noted["exitOnChange"],
        "shows": noted["shows"],
        "output": wire.unsha(descriptor),
    }
