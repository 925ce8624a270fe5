"""What a hostile agent tries, in a real container."""

import time

import pytest
import sandbox_support

from orchestrator.errors import AgentFailed, HandrailError
from orchestrator.models.capabilities import Capabilities, Limits
from orchestrator.ports import SandboxRequest
from orchestrator.testing.sandbox_suite import GRANT, LIMITS, RUN, Filled, Tree

pytestmark = pytest.mark.engine


@pytest.fixture(scope="module")
def docker():
    with sandbox_support.sandboxes() as made:
        yield made


def test_a_write_outside_the_grant_fails_at_once_and_says_why(docker):
    with Filled(docker) as box:
        done = box.py(
            "import errno,os\n"
            "for path in ('README.md','new','.github/w.yml','.github/new','.claude/x','docs/x.css'):\n"
            "  try: os.open(path, os.O_WRONLY|os.O_CREAT); print('open', path)\n"
            "  except OSError as e: print(errno.errorcode[e.errno])\n"
            "for work in (lambda:os.mkdir('.claude'), lambda:os.rename('.github','.g'), lambda:os.chmod('.',511)):\n"
            "  try: work(); print('done')\n"
            "  except OSError as e: print(errno.errorcode[e.errno])\n"
        )
    words = done.stdout.decode().split()
    assert words == [
        "EACCES",
        "EACCES",
        "EACCES",
        "EACCES",
        "ENOENT",
        "open",
        "docs/x.css",
        "EACCES",
        "EACCES",
        "EPERM",
    ]


def test_a_protected_file_in_an_opened_directory_stays(docker):
    with Filled(docker) as box:
        done = box.sh("rm -f src/conftest.py; mv src/conftest.py src/c; ln -sf x src/conftest.py; : > src/conftest.py")
        assert done.exit_code != 0
        assert box.sh("cat src/conftest.py").stdout == b"# protected\n"
        assert box.out().changed == ()


def test_a_fork_bomb_stops_at_the_limit_and_the_sandbox_lives(docker):
    with Filled(docker) as box:
        bomb = box.py(
            "import os,time\nn=0\ntry:\n  while True:\n    if os.fork()==0: time.sleep(60)\n    n+=1\n"
            "except BlockingIOError: print(n)",
        )
        assert 0 < int(bomb.stdout) < LIMITS.pids
        assert box.sh("f(){ f|f& }; f", timeout_seconds=1).exit_code is not None
        assert box.sh("echo alive").stdout == b"alive\n"


def test_a_memory_bomb_is_killed_and_the_sandbox_lives(docker):
    with Filled(docker) as box:
        assert box.py("x=[bytearray(1<<20) for _ in range(4096)]").exit_code == 137
        assert box.sh("echo alive").stdout == b"alive\n"


def test_the_disk_and_the_inodes_end(docker):
    with Filled(docker) as box:
        fill = box.sh("cat /dev/zero > src/a; cat /dev/zero > /tmp/a; stat -c %s src/a /tmp/a; rm src/a /tmp/a")
        assert b"No space left" in fill.stderr
        assert sum(map(int, fill.stdout.split())) <= LIMITS.disk_mib * 1024 * 1024
        many = box.py("import os\nfor i in range(10**6): os.symlink('x', f'src/{i}')", timeout_seconds=30)
        assert b"No space left" in many.stderr
        assert len(box.out().present) <= LIMITS.inodes


def test_a_command_that_never_ends_is_ended_with_all_its_children(docker):
    with Filled(docker) as box:
        began = time.monotonic()
        done = box.sh("trap '' TERM INT HUP; (setsid sh -c 'while :; do :; done' &) ; while :; do :; done", 1.0)
        assert (done.exit_code, done.timed_out) == (124, True)
        assert time.monotonic() - began < 5
        assert box.sh("ls -d /proc/[0-9]* | wc -l").stdout.strip() in {b"3", b"4"}


def test_a_flood_is_capped_and_costs_the_host_no_memory(docker):
    with Filled(docker) as box:
        seen = []
        done = box.sandbox.execute(["sh", "-c", "yes & yes >&2"], timeout_seconds=1.5, on_output=seen.append)
    assert done.truncated
    assert done.timed_out
    assert len(done.stdout) + len(done.stderr) == LIMITS.output_kib * 1024
    assert sum(map(len, seen)) == len(done.stdout)


def test_there_is_no_network(docker):
    with Filled(docker) as box:
        done = box.py(
            "import socket\n"
            "for a in ('1.1.1.1','169.254.169.254','172.17.0.1'):\n"
            "  s=socket.socket(); s.settimeout(1)\n"
            "  try: s.connect((a,80)); print('connected')\n"
            "  except OSError as e: print(e.errno)\n"
            "try: socket.getaddrinfo('example.org',80); print('resolved')\n"
            "except OSError: print('none')\n"
            "s=socket.create_server(('127.0.0.1',0)); socket.create_connection(s.getsockname()); print('loopback')\n"
        )
    assert done.stdout.decode().split() == ["101", "101", "101", "none", "loopback"]


def test_the_host_is_not_visible(docker, monkeypatch):
    monkeypatch.setenv("CANARY_KEY", "do-not-leak")
    with Filled(docker) as box:
        seen = box.sh("env; cat /proc/*/environ /proc/*/cmdline 2>/dev/null; find / -xdev -name '*.soc[k]' 2>/dev/null")
    assert b"do-not-leak" not in seen.stdout
    assert b".sock" not in seen.stdout


def test_the_supervisor_is_out_of_reach(docker):
    script = (
        "import os,signal\n"
        "for f in ('fd/0','fd/1','mem','environ','maps'):\n"
        "  try: os.open('/proc/1/'+f, os.O_RDWR if f=='mem' else os.O_RDONLY); print('opened', f)\n"
        "  except OSError: print('no')\n"
        "for s in (signal.SIGKILL, signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGALRM, signal.SIGCHLD,"
        " signal.SIGUSR1, signal.SIGSEGV): os.kill(1, s)\n"
    )
    with Filled(docker) as box:
        done = box.py(script)
        assert (done.exit_code, done.stdout) == (0, b"no\n" * 5)
        assert box.sh("echo alive").stdout == b"alive\n"


def test_kernel_doors_are_shut(docker):
    script = (
        "import ctypes,os,socket\nc=ctypes.CDLL(None,use_errno=True)\n"
        "def t(n,r): print(n, 'open' if r>=0 else ctypes.get_errno())\n"
        "t('userns',c.unshare(0x10000000)); t('ptrace',c.ptrace(0,0,0,0)); t('mount',c.mount(b'x',b'/tmp',b'x',0,0))\n"
        "t('io_uring',c.syscall(425,8,0)); t('keyctl',c.syscall(250,0,-3,1)); t('clone3',c.syscall(435,0,0))\n"
        "t('clone',c.syscall(56,0x10000000|17,0,0,0,0))\n"
        "for f in (16,17,38,40):\n"
        "  try: socket.socket(f,socket.SOCK_RAW); print(f,'open')\n"
        "  except OSError as e: print(f,e.errno)\n"
    )
    with Filled(docker) as box:
        words = box.py(script).stdout.decode().splitlines()
    assert [w.split()[1] for w in words] == ["1", "1", "1", "1", "1", "38", "1", "1", "1", "1", "1"], words


def test_a_link_out_stays_a_link(docker):
    with Filled(docker) as box:
        box.sh("ln -s /etc/passwd src/l; ln -s / src/root; ln -s ../../../.. src/up; ln -s src/loop src/loop")
        out = box.out()
    assert {m.path: (m.mode, m.data) for m in out.changed} == {
        "src/l": ("120000", b"/etc/passwd"),
        "src/loop": ("120000", b"src/loop"),
        "src/root": ("120000", b"/"),
        "src/up": ("120000", b"../../../.."),
    }


def test_a_sparse_giant_is_refused_and_not_read(docker):
    with Filled(docker) as box:
        box.sh("truncate -s 20M src/a src/b")
        with pytest.raises(AgentFailed) as caught:
            box.out()
        assert caught.value.code == "AGT040"
        with pytest.raises(HandrailError) as after:
            box.sh("true")
        assert after.value.code == "SBX006"


def test_a_bottomless_directory_is_refused(docker):
    with Filled(docker) as box:
        box.py("import os\nos.chdir('src')\nfor _ in range(600): os.mkdir('abcdefgh'); os.chdir('abcdefgh')")
        with pytest.raises(AgentFailed) as caught:
            box.out()
    assert caught.value.code == "AGT042"


def test_names_that_lie_are_refused(docker):
    with Filled(docker) as box:
        box.py(
            "import os\nfor n in (b'a\\nb', b'\\xff', b'\\xe2\\x80\\xaex', b'\\x1b[2J'): open(b'src/'+n,'w').close()"
        )
        out = box.out()
    assert out.changed == ()
    assert len(out.refused) == 4


def test_unreadable_modes_hide_nothing(docker):
    with Filled(docker) as box:
        box.sh("mkdir src/d; echo x > src/d/f; chmod 0 src/d/f src/d; echo y > src/g; chmod 0 src/g")
        out = box.out()
    assert {m.path: m.data for m in out.changed} == {"src/d/f": b"x\n", "src/g": b"y\n"}


def test_a_second_command_starts_clean(docker):
    with Filled(docker) as box:
        box.sh("ulimit -n 5; cd /tmp; umask 0; export EVIL=1; echo 'echo evil' > $HOME/.profile")
        assert box.sh("ulimit -n; pwd; umask; echo $EVIL").stdout == b"1024\n/work\n0022\n\n"


def test_ten_thousand_files_in_and_out(docker, record_property):
    files = {f"src/d{i % 100}/f{i}.py": ("100644", b"x = %d\n" % i) for i in range(10_000)}
    limits = Limits(memory_mib=512, disk_mib=128, inodes=30_000)
    with Filled(docker, grant=Capabilities(write=("src/**",), limits=limits), tree=Tree(files)) as box:
        box.sh("echo 2 > src/d0/f0.py")
        began = time.monotonic()
        out = box.out()
        record_property("change_out_seconds", time.monotonic() - began)
    assert len(out.present) == 10_000
    assert [m.path for m in out.changed] == ["src/d0/f0.py"]
    assert time.monotonic() - began < 20


def test_a_tree_that_does_not_fit_is_said(docker):
    files = {f"f{i}": ("100644", bytes([i]) * 1024 * 1024) for i in range(40)}
    for write in ((), ("**",)):
        with (
            pytest.raises(HandrailError) as caught,
            Filled(docker, grant=GRANT.model_copy(update={"write": write}), tree=Tree(files)),
        ):
            pass
        assert caught.value.code == "SBX021"


def test_a_mount_of_dependencies_is_readable_and_not_writable(docker, tmp_path):
    (tmp_path / "bin").mkdir()
    tool = tmp_path / "bin" / "tool"
    tool.write_text("#!/bin/sh\necho from the environment\n")
    tool.chmod(0o755)
    tmp_path.chmod(0o755)
    (tmp_path / "dependency.py").write_text("print('imported')")
    request = SandboxRequest("k", RUN, LIMITS, environment=str(tmp_path))
    with docker.open(request) as sandbox:
        assert sandbox.execute(["tool"], timeout_seconds=5).stdout == b"from the environment\n"
        assert sandbox.execute(["python3", "-m", "dependency"], timeout_seconds=5).stdout == b"imported\n"
        assert sandbox.execute(["touch", "/opt/env/x"], timeout_seconds=5).exit_code != 0
        assert sandbox.execute(["touch", "/opt/handrail/x"], timeout_seconds=5).exit_code != 0
