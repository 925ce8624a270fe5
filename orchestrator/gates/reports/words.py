"""Our own codes in words: what each finding means and what to do about it. Data-flow rules explain themselves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

__all__ = ["OWN", "Words"]


class Words(NamedTuple):
    """``why`` it is a finding, and what to ``do`` about it."""

    title: str
    why: str
    do: str
    cwe: int | None = None


_UNREAD = "Nothing unread is merged: a file that a scanner skips could hold anything, and silence is no pass."
_BY_NAME = "It cannot be read as a difference, so only a person can say that it belongs here."
_SEEN = "A reviewer sees another text than the one that runs."
_LOSS = "What is gone does not come back by reverting the change, so a person agrees to it beforehand."
_TESTS = "Tests are how a change is judged, so a change must not make its own judge milder."

OWN: Mapping[str, Words] = {
    "SCAN-SYNTAX": Words("The file does not parse", _UNREAD, "write it so that it parses as Python"),
    "SCAN-SKIPPED": Words("bandit skipped the file", _UNREAD, "write it so that the scanners can read it"),
    "SCAN-LIMIT": Words(
        "A scanner passed its time or memory limit", _UNREAD, "make the file simpler or smaller", cwe=400
    ),
    "SCAN-SIZE": Words("The file is too large to be parsed", _UNREAD, "split it, or keep data out of Python files"),
    "SCAN-DEPTH": Words(
        "The syntax is nested too deeply", _UNREAD, "write long sums and chains as loops or lists", cwe=674
    ),
    "SCAN-NOTEBOOK": Words("The notebook cannot be read", _UNREAD, "save it again as nbformat 4"),
    "PROTECTED": Words(
        "A protected path changed",
        "Files that run by themselves, decide what is checked, or say whom to trust need a person's agreement.",
        "have a person look at this file and lift the finding by name",
    ),
    "DESTROY-DATA": Words("Data or tables are dropped", _LOSS, "say in the review what is lost and how it comes back"),
    "DESTROY-HISTORY": Words("History is overwritten", _LOSS, "say in the review whose commits are lost"),
    "DESTROY-SERVICE": Words("Running resources are deleted", _LOSS, "say in the review what stops, and for whom"),
    "DESTROY-FILES": Words(
        "Files are deleted with all that is below them",
        _LOSS,
        "name what is deleted in full, or say in the review what can be met by it",
    ),
    "DESTROY-MUCH": Words("Much more is deleted than added", _LOSS, "have a person agree to how far it reaches"),
    "DESTROY-RENAMES": Words(
        "Files are renamed in bulk", "What is changed beside the new names drowns.", "rename in a change of its own"
    ),
    "DESTROY-MIGRATION": Words(
        "A migration that exists is changed",
        "Where it has run it will not run again, so two databases differ from then on.",
        "leave it as it is and write a new migration",
    ),
    "DESTROY-PRODUCTION": Words("Settings of production changed", _LOSS, "have a person agree to this file by name"),
    "WAIVER-ENDED": Words(
        "The time for which a finding was lifted is over",
        "A waiver has an end so that somebody mends what it covers.",
        "mend the finding that is named; handrail waivers lists all",
    ),
    "GATE-SETTINGS": Words(
        "The settings of a gate changed",
        "They have no effect on this change: the gate takes them from the base. Later changes are judged by them.",
        "have a person agree to the new settings",
    ),
    "SUPPRESSION": Words(
        "A new comment that silences a scanner",
        "It changes nothing here, but it speaks to the next tool and the next reader.",
        "mend what it silences, and remove it",
        cwe=693,
    ),
    "HIDDEN-PYTHON": Words("A Python program that is not named like one", _BY_NAME, "name it .py", cwe=646),
    "NOTEBOOK-COMMAND": Words(
        "A notebook runs a command",
        "It runs with the reader's rights when the cell is run.",
        "have a person agree",
        cwe=78,
    ),
    "YAML-OBJECT": Words(
        "YAML that makes Python objects",
        "A loader that follows the tag runs code.",
        "write plain values",
        cwe=502,
    ),
    "PICKLE": Words(
        "A pickle as text", "Loading it calls the function that it names.", "keep the data as JSON", cwe=502
    ),
    "XML-ENTITY": Words(
        "XML that names a file or an address to be read",
        "A parser that follows the entity reads local files or calls other machines.",
        "write the text itself",
        cwe=611,
    ),
    "TEMPLATE-INSIDE": Words(
        "A template reaches into the interpreter",
        "From there it reaches every function.",
        "pass the value in by name",
        cwe=1336,
    ),
    "SVG-SCRIPT": Words(
        "A picture with a script in it",
        "Opened by itself it runs in the reader's browser, with the rights of the site that it comes from.",
        "take the script and the handlers out",
        cwe=79,
    ),
    "DATA-CODE": Words(
        "A program in a file of data",
        "Whatever reads the value and runs it runs code that no scanner of files has seen.",
        "name a function of the program instead",
        cwe=95,
    ),
    "RUNS-PRIVILEGED": Words(
        "A container gets rights over its host",
        "Privileged, with the host's network, processes or engine, it is the host.",
        "give it the one capability or folder that it needs",
        cwe=250,
    ),
    "OPEN-TO-ALL": Words(
        "Something is opened to everybody, or everything to somebody",
        "Public storage and rights named * are found within hours.",
        "name who may do what",
        cwe=732,
    ),
    "CHECK-MILDER": Words(
        "A check of the pipeline may fail from now on",
        "What it reports is no longer seen by whoever merges.",
        "let it fail, or have a person agree",
        cwe=693,
    ),
    "DEFENCE-OFF": Words(
        "A protection is switched off by a setting",
        "It stood between a mistake, or somebody else, and what cannot be had back.",
        "leave it on, or have a person agree",
        cwe=693,
    ),
    "SETTING-RUNS": Words(
        "A setting, a query or a table runs a program",
        "What looks like data starts it with the rights of whoever reads the file.",
        "start the program where programs are started, by name",
        cwe=78,
    ),
    "SOURCE-REMOTE": Words(
        "A configuration takes its parts from an address",
        "Whoever answers there decides what is built from it tomorrow.",
        "keep the part in the repository, or name a registry and a version",
        cwe=829,
    ),
    "RELEASE-UNGUARDED": Words(
        "A job that releases waits for less, or asks nobody",
        "What the tests refuse is released all the same.",
        "let it need the jobs that test, and name an environment with reviewers",
        cwe=693,
    ),
    "PIPELINE-INPUT": Words(
        "A pipeline runs what somebody wrote into a title, a message or the name of a branch",
        "Whoever opens a request writes the command, and it runs with the pipeline's secrets.",
        "pass it as a quoted argument to a program that reads it as a text",
        cwe=78,
    ),
    "PIPELINE-WRITES": Words(
        "A job may write where it need not",
        "What runs in it, the actions and packages of others as well, writes with the same right.",
        "give the right to the one job that publishes, and contents: read to all others",
        cwe=250,
    ),
    "TLS-UNCHECKED": Words(
        "Certificates are not checked", "Whoever is on the way can answer instead.", "remove the setting", cwe=295
    ),
    "ATTRIBUTES": Words(
        "Git is told to show or to store a file as something else than it is",
        "A filter runs a program at every checkout, and a source without a difference is read by nobody.",
        "leave sources as they are; keep filters in the settings of who wants them",
        cwe=451,
    ),
    "PIPELINE-REMOTE": Words(
        "A pipeline takes its steps from an address",
        "Whoever answers there decides what runs with the pipeline's secrets.",
        "keep the file in the repository, or include it from a project at a commit",
        cwe=829,
    ),
    "BIDI": Words("Bidirectional control characters", _SEEN, "write them as escapes, or remove them", cwe=1007),
    "INVISIBLE": Words("Invisible characters", _SEEN, "write them as escapes, or remove them", cwe=1007),
    "CONTROL": Words("Control characters", _SEEN, "write them as escapes, or remove them", cwe=1007),
    "MIXED-SCRIPT": Words("A word that mixes alphabets", _SEEN, "write the word in one alphabet", cwe=1007),
    "LONG-LINE": Words("A very long line", "What stands far to the right is not read.", "break the line", cwe=1007),
    "NAME": Words("A path with an odd character", _SEEN, "rename the file", cwe=1007),
    "GITLINK": Words(
        "A nested repository",
        "Its content is not part of the change, so nobody reviews it.",
        "copy it in",
        cwe=829,
    ),
    "MODE": Words(
        "The mode of a file changed", "What can be run is run.", "have a person agree, or restore the mode", cwe=732
    ),
    "SYMLINK": Words("A symbolic link", "It can lead out of the tree.", "keep a file instead of a link", cwe=59),
    "ENCODING": Words(
        "The text is not UTF-8", "Scanners read UTF-8 and skip the rest.", "save the file as UTF-8", cwe=176
    ),
    "ENCODING-COOKIE": Words(
        "Another encoding than UTF-8 is declared", _SEEN, "save it as UTF-8 without a cookie", cwe=1007
    ),
    "NUL": Words("A NUL byte in Python source", _UNREAD, "remove it", cwe=626),
    "BYTECODE": Words("Compiled Python", "Nobody can read what it does.", "commit the source alone", cwe=829),
    "NATIVE-CODE": Words(
        "Native code",
        "Nobody can read what it does.",
        "build it from source, outside the repository",
        cwe=829,
    ),
    "EXAMPLE-CODE": Words(
        "An example in prose that runs something",
        "doctest and plugins of pytest run it, and readers paste it.",
        "show it without what runs, or have a person agree",
        cwe=95,
    ),
    "ENTRY-POINTS": Words(
        "Entry points beside an installed package",
        "pytest, pip and others load what they name, without being asked.",
        "declare them in pyproject.toml",
        cwe=427,
    ),
    "PTH": Words(
        "A .pth file", "Python runs it at every start.", "remove it; configure the path in the environment", cwe=427
    ),
    "BINARY": Words("A binary file", _BY_NAME, "have a person agree, or keep it outside the repository", cwe=829),
    "POINTER": Words(
        "A pointer to a file that lies elsewhere",
        "What is fetched in its place is not part of the change, so no gate and nobody else has looked at it.",
        "have a person look at the file itself, or keep it in the repository",
        cwe=829,
    ),
    "LARGE": Words("A very large file", _BY_NAME, "have a person agree, or keep it outside the repository"),
    "TEST-DELETED": Words("A test file is gone", _TESTS, "restore it, or have a person agree that it may go"),
    "TEST-FEWER": Words("Tests are gone", _TESTS, "restore them, or have a person agree that they may go"),
    "TEST-EMPTIER": Words("A test checks less than before", _TESTS, "restore its checks, or have a person agree"),
    "TEST-WEAKER": Words(
        "A test is content with more than before", _TESTS, "compare as before, or have a person agree"
    ),
    "TEST-SKIPPED": Words("A test is newly skipped or expected to fail", _TESTS, "let it run, or have a person agree"),
    "TEST-HOOK": Words("A new or changed hook of the test runner", _TESTS, "do without it, or have a person agree"),
    "TEST-WRAPPED": Words("A test is newly wrapped", _TESTS, "leave the test as it was, or have a person agree"),
    "TEST-REPLACED": Words("A test makes itself what it used to import", _TESTS, "import it, or have a person agree"),
    "TEST-LIMIT": Words("A test may take longer than before", _TESTS, "keep its limit, or have a person agree"),
    "TEST-SETTINGS": Words("A setting of the test runner changed", _TESTS, "leave it, or have a person agree"),
    "TEST-UNREADABLE": Words("A test file does not parse", _TESTS, "write it so that it parses"),
    "TEST-RENAMED": Words("Tests have other names", _TESTS, "see that they still test the same"),
    "MORE": Words(
        "More findings than are listed", "Findings of one file are capped at 200.", "mend those that are shown"
    ),
    "LOSES-CHECK": Words(
        "A check of who may do it is gone",
        "A decorator, dependency or base that asked who is there stood around this definition.",
        "put the check back, or have a person agree that everybody may",
        cwe=862,
    ),
    "SHADOWS": Words(
        "A module with the name of one of Python's own",
        "Programs that start in this folder import it instead of Python's, and so does all that they import.",
        "give it another name, or put it into a package",
        cwe=427,
    ),
    "TEMPLATE-RAW": Words(
        "A template prints a value without escaping it",
        "Who decides what the value holds decides what the page does, scripts too.",
        "print it escaped, or have a person agree that nobody else writes it",
        cwe=79,
    ),
    "GAINS": Words(
        "The module can do something that it could not do before",
        "Processes, network, native code and the like are named once per module, so that a reviewer asks why.",
        "see that the requirement needs it",
    ),
}
"""Code → words; ``GAINS`` stands for every code that begins with ``GAINS-``."""
