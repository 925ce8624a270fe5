"""Every action as a named command: what keys are bound to, what help lists, what the palette offers."""

from __future__ import annotations

from dataclasses import dataclass, replace

from textual.binding import Binding


@dataclass(frozen=True, slots=True)
class Command:
    """``keys`` in Textual's names, comma-separated; ``label`` is how help and footer print them."""

    name: str
    keys: str
    label: str
    action: str
    description: str
    short: str = ""

    def with_keys(self, keys: str, label: str) -> Command:
        """The same command on other keys."""
        return replace(self, keys=keys, label=label)

    def binding(self) -> Binding:
        """In the footer only when there is a short description. The name is the id that a keymap refers to."""
        return Binding(
            self.keys,
            self.action,
            self.short or self.description,
            show=bool(self.short),
            key_display=self.label,
            id=self.name,
        )


DOWN = Command("line.down", "j,down", "j", "cursor_down", "Next line or entry")
UP = Command("line.up", "k,up", "k", "cursor_up", "Previous line or entry")
PAGE_DOWN = Command("page.down", "pagedown,space", "PgDn", "page_down", "Next page")
PAGE_UP = Command("page.up", "pageup", "PgUp", "page_up", "Previous page")
FIRST = Command("line.first", "home,g", "g", "first", "First line")
LAST = Command("line.last", "end,G", "G", "last", "Last line")
NEXT_HUNK = Command("hunk.next", "right_square_bracket", "]", "next_hunk", "Next hunk or section")
PREVIOUS_HUNK = Command("hunk.previous", "left_square_bracket", "[", "previous_hunk", "Previous hunk or section")
NEXT_FILE = Command("file.next", "full_stop", ".", "next_file", "Next file or step")
PREVIOUS_FILE = Command("file.previous", "comma", ",", "previous_file", "Previous file or step")
OPEN = Command("item.open", "enter", "enter", "open", "Open the item", "Open")
REFRESH = Command("refresh", "R", "R", "refresh_items", "Read it again", "Refresh")
RUN_OPEN = Command("run.open", "o", "o", "open_run", "Open the run of the item, or the newest", "Run")
PROOF_OPEN = Command("run.proof", "p", "p", "proof", "What proves it, verified now", "Proof")
PAUSE = Command(
    "run.pause", "P", "P", "pause_run", "Pause the run: what works ends its attempt, no more begins", "Pause"
)
CANCEL = Command("run.cancel", "C", "C", "cancel_run", "Cancel the run; asks before", "Cancel")
STEER = Command("run.steer", "s", "s", "steer", "A word to the agent of the step under the cursor", "Steer")
APPROVE = Command("verdict.approve", "a", "a", "approve", "Approve; asks before it signs", "Approve")
REJECT = Command("verdict.reject", "r", "r", "reject", "Reject, with a reason", "Reject")
REQUEST = Command("verdict.request", "c", "c", "request_changes", "Request changes, with a reason", "Changes")
LIFT = Command("finding.lift", "l", "l", "lift", "Lift the finding under the cursor, or take that back", "Lift")
REMARK = Command("line.comment", "m", "m", "remark", "Comment on the line under the cursor", "Comment")
FINDINGS = Command("findings.toggle", "f", "f", "findings", "Findings and requirement, or back to the diff", "Findings")
GATES_OPEN = Command("gates.open", "F", "F", "gates", "Gates and tests, on a screen of their own", "Gates")
FINDING_OPEN = Command("finding.open", "enter", "enter", "open", "To the line of the finding", "Go")
NARROW = Command("plan.narrow", "n", "n", "narrow", "Grant the step under the cursor less", "Narrow")
DRAFTS_OPEN = Command("drafts.open", "D", "D", "drafts", "Decisions that could not be signed or stored", "Drafts")
DRAFT_SEND = Command("draft.send", "enter,s", "s", "send", "Sign and store the decision under the cursor", "Send")
DRAFT_DROP = Command("draft.drop", "x", "x", "drop", "Forget the decision under the cursor", "Forget")
HELP = Command("help", "question_mark", "?", "help", "These keys", "Help")
BACK = Command("back", "q,escape", "q", "back", "Back to the screen below", "Back")
QUIT = Command("quit", "q", "q", "back", "Quit", "Quit")

ACCEPT_HUNK = Command("hunk.accept", "y", "y", "accept_hunk", "Accept the hunk under the cursor", "Accept hunk")
REJECT_HUNK = Command("hunk.reject", "x", "x", "reject_hunk", "Reject the hunk, with a reason", "Reject hunk")
VIEW_HUNK = Command("hunk.viewed", "v", "v", "view_hunk", "Note that you have looked at the hunk")
CLEAR_HUNK = Command("hunk.clear", "u", "u", "clear_hunk", "Take the mark on the hunk away")
ACCEPT_FILE = Command("file.accept", "Y", "Y", "accept_file", "Accept all hunks of the file")
REJECT_FILE = Command("file.reject", "X", "X", "reject_file", "Reject all hunks of the file, with a reason")
TAKE = Command("hunk.take", "T", "T", "take", "Take the accepted hunks alone; gates judge that tree", "Take part")
EDIT = Command("file.edit", "e", "e", "edit", "Edit the file on a copy: a change of yours")
WAIVE = Command("finding.waive", "w", "w", "waive", "Lift the finding with a reason, an owner and an end", "Waive")
FOLD = Command("file.fold", "z", "z", "fold", "Fold the file, or open it")
FILES = Command("file.list", "t", "t", "files", "The files, riskiest first")
FIND = Command("find", "slash", "/", "find", "Find words in the diff")
FIND_NEXT = Command("find.next", "n", "n", "find_next", "The next place with these words")
GO = Command("risk.open", "enter", "enter", "open", "From a line of Read first to its hunk")
AUTO = Command("layout.auto", "0", "0", "layout('auto')", "Side by side where there is room")
SPLIT = Command("layout.split", "1", "1", "layout('split')", "Old and new side by side")
UNIFIED = Command("layout.unified", "2", "2", "layout('unified')", "Old and new one below the other")

MOVES = (DOWN, UP, PAGE_DOWN, PAGE_UP, FIRST, LAST)
JUMPS = (NEXT_HUNK, PREVIOUS_HUNK, NEXT_FILE, PREVIOUS_FILE)
INBOX = (OPEN, RUN_OPEN, DRAFTS_OPEN, REFRESH, HELP, QUIT)
DRAFTS = (DRAFT_SEND, DRAFT_DROP, HELP, BACK)
RUN = (PROOF_OPEN, STEER, PAUSE, CANCEL, REFRESH, HELP, BACK, *JUMPS)
PROOF = (REFRESH, HELP, BACK, *JUMPS)
PLAN = (APPROVE, REJECT, REQUEST, NARROW, REMARK, HELP, BACK, *JUMPS)
WORK = (APPROVE, REJECT, REQUEST, REMARK, HELP, BACK, *JUMPS)
HUNKS = (ACCEPT_HUNK, REJECT_HUNK, VIEW_HUNK, CLEAR_HUNK, ACCEPT_FILE, REJECT_FILE, TAKE, EDIT)
LOOKS = (FILES, FOLD, FIND, FIND_NEXT, GO, AUTO, SPLIT, UNIFIED)
GATES = (FINDING_OPEN, LIFT, WAIVE, HELP, BACK, *JUMPS)
CHANGE = (APPROVE, REJECT, REQUEST, LIFT, FINDINGS, GATES_OPEN, REMARK, WAIVE, HELP, BACK, *HUNKS, *LOOKS, *JUMPS)
