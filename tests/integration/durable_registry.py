"""The one list of durable boundaries. A test compares it with the source, and another with what a run does.

``REACHED`` are the boundaries of a run, by kind and function: the crash matrix is these, each before and after.
``OTHERS`` are the places in the source that make something durable and that no run of the matrix comes to, each with
why a crash there is harmless.
"""

_INDEX = "store.index:StoredIndex."

REACHED = {
    *(f"commit {_INDEX}{name}" for name in ("add_run", "save_run", "add_item", "add_decision", "close_item")),
    f"commit {_INDEX}events",
    f"commit {_INDEX}ensure_table",
    f"commit {_INDEX}settle",
    "commit langgraph:put",
    "commit langgraph:put_writes",
    "engine_post sandbox.client:Engine.create",
    "engine_post sandbox.client:Engine.start",
    "engine_post sandbox.client:Engine.execute_as",
    "engine_delete sandbox.client:Engine._removed",
    "unlink app.runs.scratch:scratch",
    "git-unpack-objects vcs.objects:receive",
    "git-update-ref vcs.refs:_move",
    "spawn gates.scanners.calling:call",
    "spawn gates.scanners.worker:Worker._new",
    "unlink gates.scanners.ruff:RuffGate._read",
    "fsync store.whole:_beside",
    "rename store.whole:write_whole",
    "unlink store.whole:_beside",
    "fsync store.whole:write_whole",
}
SOMETIMES = {
    "unlink app.runs.scratch:_taken_away": "only when an owner left files there",
    "commit engine.nodes.merge:_publish": "what is staged, if anything is",
    "commit app.runs.drive:_stopping.<locals>.watch": "what is staged, four times a second",
    f"commit {_INDEX}emit": "what is staged, when an event comes a quarter of a second after the last writing",
    "commit engine.run:advance": "the saver's reads close a transaction that may be open",
    "commit store.index:StoredIndex.flush": "the same rows, when they are asked for in between",
    "commit store.index:StoredIndex.ride": "events that a killed owner left with its checkpoint; by number, so once",
    "replace sandbox.probe:refuse": "only while the engine is not yet probed",
    "replace sandbox.probe:remember": "the same",
    "replace sandbox.probe:admit": "the same",
    "rename sandbox.programs:keep": "only while the image's programs are not yet kept",
    "unlink vcs.git:Git.capped": "an open file without a name",
    "fsync store.whole:make_folder": "of the run's folder, and of folders that another run has made",
    "engine_delete sandbox.client:Engine.remove_volume": "only when a dead owner of some other run has left one",
    "commit elsewhere": "the saver's first look at a new file",
    "engine_post sandbox.client:Engine._await_removal": "only when the engine has not removed it by then",
    "unlink elsewhere": "the standard library's own",
}
"""Reached or not, by timing or by what was run before."""

_ROW = "one row in one transaction by a command; there is nothing to go on with"
_WHOLE = "written beside and moved: whole or not at all; a command, begun again by its user"
_CACHE = "written beside and moved; what is lost is found again"
_USERS = "a file that the user asked for, written where he says; he asks again"
_PASSES_ON = "passes on; its callers are listed"
_PIPE = "a pipe or a socket between processes; nothing is kept"
_LOCK = "a file that is only locked; empty"
_BELOW = "below a temporary directory or in memory; made again"
_CASSETTE = "what models said, kept to be replayed; a line that was cut off is refused when it is read"
_LEASE = "of one broker, below its own directory; the next attempt has another"
OTHERS = {
    **dict.fromkeys((f"{_INDEX}{n}" for n in ("take_back_decision", "put_draft", "drop_draft", "add_comment")), _ROW),
    **dict.fromkeys((f"{_INDEX}{n}" for n in ("ask_to_cancel", "add_steer", "set_paused")), _ROW),
    **dict.fromkeys((f"{_INDEX}{n}" for n in ("transaction", "flush", "_write")), _PASSES_ON),
    "store.database:SqliteDatabase.erase": "one transaction; what is left is erased when it is asked again",
    "store.cluster.database:PostgresDatabase.transaction": _PASSES_ON,
    "store.cluster.database:PostgresDatabase.erase": _ROW,
    "store.cluster.saver:FencedSaver._cursor": "one transaction a call, as the local saver's; held by the fence",
    **dict.fromkeys((f"store.cluster.schema:{n}" for n in ("_in", "_make", "_queue")), "one transaction a version"),
    "app.cluster.queue:Queue.send": "jobs in one transaction; a job sent twice is done once",
    "store.budgets:StoredBudgets.reserve": "durable before the request leaves; unsettled counts as spent",
    "store.budgets:StoredBudgets.settle": "replaces what was set aside; before it, that counts",
    "store.budgets:StoredBudgets.past": "reads",
    "store.budgets:StoredBudgets.spent": "reads",
    "agents.npm:_write": "unpacked below a temporary directory, moved when it is whole",
    "app.local.executor:_Process.__init__": _PIPE,
    "app.local.worker:main": _PIPE,
    "app.files:write_new": _USERS,
    "app.observe.incident_archive:_tar": _BELOW,
    "app.logs:_opened": "lines for people; nothing reads them again",
    "app.trials.scorecard:_keep": "a line of a trial, which is no run; tried again",
    "broker.attack_scene:scene": "a scene to be attacked; no run",
    **dict.fromkeys(("broker.cassette:Recorder.__init__", "broker.cassette:Recorder._append"), _CASSETTE),
    "broker.certificates:Authority._load": _BELOW,
    **dict.fromkeys(("broker.lease:ProcessLease.start", "broker.process:_lease", "broker.process:serve"), _LEASE),
    "broker.process:_pipes": _PIPE,
    "broker.vault:replace": _WHOLE,
    **dict.fromkeys(("engine.line_tracer:Notes.__init__", "engine.line_tracer:become"), "inside the sandbox"),
    **dict.fromkeys(("gates.scanners.bandit_worker:_memory", "gates.scanners.bandit_worker:main"), _PIPE),
    **dict.fromkeys(
        ("gates.scanners.spare:_forked", "gates.scanners.spare:_scan", "gates.scanners.spare:_Nursed.__init__"), _PIPE
    ),
    "gates.scanners.nursery:_forget_the_caller": _PIPE,
    "gates.kinds.program:ProgramGate._export": _BELOW,
    "sandbox.archives:save": _WHOLE,
    **dict.fromkeys((f"sandbox.environment:{n}" for n in ("ProjectEnvironments._build", "_write_whole")), _CACHE),
    **dict.fromkeys(("sandbox.environment:_locked", "sandbox.images:ImageBuilder._alone"), _LOCK),
    **dict.fromkeys(("provenance.roots.trust:TrustStore._open_lock", "store.lease:lease"), _LOCK),
    **dict.fromkeys(("sandbox.layers:write_parts", "sandbox.npm:download", "sandbox.wheels:_pip"), _BELOW),
    "sandbox.unpack:_write": _BELOW,
    **dict.fromkeys(("sandbox.probe:_write", "sandbox.programs:_write"), _PASSES_ON),
    "store.answers:read_key": _PASSES_ON,
    "store.carrying:note": _ROW,
    "store.carrying:take_in": "one transaction; fetched again",
    "store.halts:add": _ROW,
    "store.timers:StoredTimers.park": "item and timer in one transaction, by a key",
    "store.timers:StoredTimers.fire": "timer and outcome in one transaction",
    "store.timers:StoredTimers.ticked": _ROW,
    "engine.minutes:_append": "compare-and-swap of the evidence, by what is on record already",
    "app.machine.agents:_file": "below a temporary directory",
    "app.machine.agents:save": _WHOLE,
    "app.landing.undoing:_request": "read by the run that begins next, which keeps its own copy; written again",
    "app.batches.book:save": _PASSES_ON,
    "app.drills.beginning:_put": "rows of a drill, which is no run; begun again",
    "app.drills.ending:_keep": _WHOLE,
    "store.drills:forget": "one transaction; asked again, forgotten again",
    "store.carrying:holder": _PASSES_ON,
    "store.drafting:Drafts.keep": _PASSES_ON,
    "store.blobs:StoredBlobs.put": _PASSES_ON,
    "store.whole:sync_directory": _PASSES_ON,
    "store.whole:make_folder": "made again when it is not there",
    "store.whole:write_once": "as a large blob, but that what is there stays",
    "app.evidence.carrying:append": "compare-and-swap of the evidence",
    "app.runs.notifying:LocalNotifier._write": "noted before it is tried; after a crash it counts as unsent",
    "app.runs.notifying:LocalNotifier.tell": _PASSES_ON,
    "app.remotes.post:Post.send": "compare-and-swap, sent again",
    "app.remotes.travel:_push_decisions": "compare-and-swap, sent again",
    "app.remotes.travel:_advance": "compare-and-swap, sent again",
    "app.specs.checking:replace_file": _WHOLE,
    **dict.fromkeys(
        ("app.specs.accurate:record", "app.evidence.blaming:write_page", "app.specs.eliciting:write_answers"), _WHOLE
    ),
    **dict.fromkeys(
        ("app.specs.page:write_page", "app.specs.checking:check_file", "app.specs.checking:_keep_ids"), _WHOLE
    ),
    **dict.fromkeys(("app.files:edit_copy", "app.evidence.intoto:export_in_toto", "app.specs.planning:save"), _USERS),
    **dict.fromkeys((f"app.trust.policies:{n}" for n in ("_amend", "_put", "recover")), _USERS),
    **dict.fromkeys(
        ("app.trust.setup:initialise", "app.observe.tightening:write", "app.workflows.compiling:write"), _USERS
    ),
    "vcs.objects:_keep": "compared at every start, and written again",
    "vcs.trees:GitTrees.update_refs": _PASSES_ON,
    "vcs.trees:GitTrees.advance": "the last compare-and-swap of a merge to the target; asked again",
    "vcs.user:write_tag": "one reference; anchored again",
    "vcs.remote:Remote.fetch": "by content; fetched again",
    "vcs.remote:Remote.push": "compare-and-swap, sent again",
    "vcs.scratch:make_repository": "below a temporary directory",
    "provenance.signing.files:write_new": _WHOLE,
    "provenance.signing.files:replace": _WHOLE,
    **dict.fromkeys(("provenance.signing.files:_temporary", "provenance.signing.files:_sync_directory"), _PASSES_ON),
    "provenance.signing.keys:generate_key": _PASSES_ON,
}
"""Place in the source → why a crash there is harmless."""

IN_A_RUN = {
    **{name.partition(" ")[2]: name for name in REACHED | SOMETIMES.keys()},
    "store.database:SqliteDatabase._bring_forward": "before the trace: a repository's first command makes the tables",
    "engine.nodes.merge:_publish": "git-update-ref vcs.refs:_move",
    "vcs.refs:_move": "git-update-ref vcs.refs:_move",
}
"""Place in the source → the boundary of a run that it is."""
