"""``handrail``: dispatch, and the one place where errors become words and exit codes."""

from __future__ import annotations

import gc
import os
import sys
from importlib import import_module
from typing import NoReturn, TextIO

import click

from orchestrator import __version__
from orchestrator.errors import ExitCode, HandrailError, Interrupted, UsageError

COMMANDS: dict[str, tuple[str, str]] = {
    "init": ("init", "Set a repository up: key, policy, profile."),
    "doctor": ("doctor", "Say what is missing or unsafe on this machine."),
    "trust": ("trust", "Record that you trust a repository's .handrail folder."),
    "prd": ("prd", "Check and show specs."),
    "workflow": ("workflow", "List and check workflows."),
    "plan": ("plan", "Plan a spec without running anything."),
    "apply": ("apply", "Run a plan that was saved with plan -o."),
    "run": ("run", "Plan a spec, build it, have it reviewed and merged."),
    "resume": ("resume", "Go on with a run that waits or was interrupted."),
    "pause": ("pause", "Let a run come to rest until it is resumed."),
    "cancel": ("cancel", "End a run."),
    "halt": ("halt", "Stop at once whatever works with an agent, a model, a key or a workflow."),
    "steer": ("steer", "Say something to a step that is under way."),
    "merge": ("merge", "Bring a finished run to its target branch."),
    "revert": ("revert", "Take merged work back, as a run that is gated and reviewed."),
    "runs": ("runs", "List the runs of this repository."),
    "show": ("show", "Show one run: its steps and where they stand."),
    "events": ("events", "Print what happened in a run."),
    "report": ("report", "Write one page that tells a run."),
    "incident": ("incident", "Collect all about a run in one archive without secrets."),
    "trace": ("trace", "Follow each requirement to step, commit, test and approver; say what has drifted."),
    "drift": ("drift", "Say whether an agent's newest runs differ from those before, and what it is granted in vain."),
    "review": ("review", "Look at what waits for a person, and decide."),
    "answer": ("answer", "Answer the questions of a process."),
    "tick": ("tick", "Fire the timers that are due, and go on with their runs."),
    "gate": ("gate", "Run the gates on any difference of two commits."),
    "waivers": ("waivers", "List findings that a person let pass, and which of them are overdue."),
    "audit": ("audit", "Judge a whole history, commit by commit."),
    "verify": ("verify", "Check the evidence of merged changes, offline."),
    "blame": ("blame", "Say of each line who wrote it, and which sentence asked for it."),
    "attest": ("attest", "Run the checks of merged commits again and countersign them."),
    "evidence": ("evidence", "Export, import and anchor evidence."),
    "key": ("key", "Make, show, rotate and revoke signing keys."),
    "policy": ("policy", "Show, change and sign the policy."),
    "models": ("models", "Show and check your model endpoints."),
    "agent": ("agent", "Add, list, test and remove coding agents."),
    "worker": ("worker", "Advance runs of a cluster on this machine."),
    "db": ("db", "Look after a cluster's database."),
    "gc": ("gc", "Erase stored texts."),
    "sandbox": ("sandbox", "Build the sandbox image and try its limits."),
}
"""Command → module in this folder (attribute ``command``) and the line shown by ``--help``."""


_OBJECTS_PER_COLLECTION = 50_000
"""Python's 700 suits programs that make cycles. We make few, and the nouns of a long spec or run live on: looking
through them again and again takes a tenth of the time. Plug-ins of pydantic are looked for among all distributions
that are installed, and would have a say in what evidence is valid."""


class _Lazy(click.Group):
    """Lists commands without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002  click's signature
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002  click's signature
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"orchestrator.cli.{COMMANDS[cmd_name][0]}")
        found: click.Command = module.command
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002  click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, words) for name, (_, words) in COMMANDS.items()])


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="handrail", message="%(prog)s %(version)s")
@click.option("--log-json", metavar="FILE", envvar="HANDRAIL_LOG_JSON", help="Append logs to a file; - is stderr.")
@click.pass_context
def cli(ctx: click.Context, log_json: str | None) -> None:
    """From a sentence in a PRD to the signed line of code, one enforced chain."""
    if log_json:
        from orchestrator.app import logs

        logs.start(log_json)
        logs.say("command", command=ctx.invoked_subcommand, version=__version__)


def main() -> NoReturn:
    """Run and exit. Data goes to stdout, words to stderr."""
    _prepare()
    try:
        cli.main(prog_name="handrail", standalone_mode=False)
        code = ExitCode.DONE
    except click.exceptions.Exit as ended:
        _leave(ended.exit_code)
    except SystemExit as left:  # a command that leaves with a code of its own
        _leave(left.code)
    except (click.Abort, KeyboardInterrupt):
        code = _told(Interrupted("RUN003", "Interrupted.", "run the same command again; nothing is half done"))
    except click.ClickException as wrong:
        code = _told(_misused(wrong))
    except HandrailError as error:
        code = _told(error)
    except Exception as broken:  # noqa: BLE001  the last door: nobody is shown a bare traceback
        code = _told(_broken(broken))
    _leave(int(code))


def _leave(code: int | str | None) -> NoReturn:
    """Exit without a search for cycles among all that was loaded: it took as long as a tenth of a short command."""
    gc.freeze()
    _let_go(sys.stdout)
    sys.exit(_logged(code))


def _let_go(stream: TextIO | None) -> None:
    """What cannot be written was told already; at Python's end it would fail again, with an exit code of its own."""
    try:
        if stream is not None:
            stream.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)


def _logged(code: int | str | None, error: str = "") -> int | str | None:
    """The exit code, in the log too where there is one."""
    logs = sys.modules.get("orchestrator.app.logs")
    if logs is not None and logs.on():
        logs.say("error" if error else "end", exit_code=code, code=error)
    return code


def _prepare() -> None:
    """Settings of the interpreter that every command is quicker with."""
    gc.set_threshold(_OBJECTS_PER_COLLECTION, 50, 100)
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")


def _told(error: HandrailError) -> ExitCode:
    from orchestrator.cli.telling import tell

    tell(error)
    _logged(int(error.exit_code), error.code)
    return error.exit_code


def _misused(wrong: click.ClickException) -> UsageError:
    path = wrong.ctx.command_path if isinstance(wrong, click.UsageError) and wrong.ctx else "handrail"
    return UsageError("CLI001", wrong.format_message(), f"{path} --help")


def _is_nowhere() -> bool:
    try:
        os.getcwd()  # noqa: PTH109 - whether there is one
    except FileNotFoundError:
        return True
    return False


def _broken(error: Exception) -> HandrailError:
    """An error of Handrail itself: one line here, the traceback in a file that only this user reads."""
    if isinstance(error, FileNotFoundError) and _is_nowhere():
        return UsageError("CLI006", "The folder that you are in is gone.", "cd to a folder that is there")
    from orchestrator.app.room import no_room

    full = no_room(error, "run the same command again")
    if full is not None:
        return full
    from orchestrator.cli.crash import write_report

    return HandrailError("INT900", f"Handrail itself broke ({type(error).__name__}).", write_report(error))
