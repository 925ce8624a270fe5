"""``handrail …`` in this process: the same code, words and exit code, without a start of Python for each call."""

import contextlib
import io
import os
import subprocess
import sys
from unittest import mock

from orchestrator.cli.main import main


def handrail(here, *argv, **env):
    """In the lab's repository, with its configuration; nobody sits at a terminal."""
    out, err = io.StringIO(), io.StringIO()
    with (
        mock.patch.dict(os.environ, {**here.env, **env}),
        mock.patch.object(sys, "argv", ["handrail", *argv]),
        mock.patch.object(sys, "stdin", io.StringIO()),
        contextlib.chdir(here.repo),
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(err),
    ):
        code = 0
        try:
            main()
        except SystemExit as left:
            code = int(left.code or 0)
    return subprocess.CompletedProcess(argv, code, out.getvalue(), err.getvalue())
