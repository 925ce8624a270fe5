"""Destructive changes: each kind raised to a person, with its harmless twin; and how far a change reaches."""

from __future__ import annotations

import time

import pytest

from orchestrator.gates.files.destructive import DestructiveGate
from orchestrator.models.found import Disposition, Result
from orchestrator.policy.destruction import acts, of_argv
from orchestrator.testing.gate_suite import FileSpec, candidate_of

PAIRS = {
    "DROP TABLE users;": "SELECT * FROM drops WHERE table_id = 1;",
    "cursor.execute('drop  table if exists users')": "cursor.execute('create table users (id int)')",
    "DELETE FROM users;": "DELETE FROM users WHERE id = 3;",
    "TRUNCATE TABLE orders": "truncate = text[:80]",
    "ALTER TABLE users DROP COLUMN email;": "ALTER TABLE users ADD COLUMN email text;",
    "    op.drop_column('users', 'email')": "    op.add_column('users', column)",
    "migrations.DeleteModel(name='User'),": "migrations.CreateModel(name='User'),",
    "User.objects.all().delete()": "User.objects.filter(pk=1).delete()",
    "redis.flushall()": "redis.flush_pending()",
    "git push --force origin main": "git push origin main",
    "git push origin +main": "git push origin main # c++",
    "git push origin :old": "git push origin HEAD:refs/heads/new",
    "git -C repo push -qf origin main": "git -C repo push -q --follow-tags origin main",
    "subprocess.run(['git', 'push', '--force-with-lease'])": "subprocess.run(['git', 'push', '--tags'])",
    "git filter-repo --path secrets": "git log --path secrets",
    "rm -rf /": "rm notes.txt",
    "rm -r -f $HOME/data": "rm -f $HOME/data.lock",
    'run(["rm", "-rf", path])': 'run(["rm", "-f", path])',
    "\\rm  -fr ../shared": "farm -fr ../shared",
    "shutil.rmtree(home)": "shutil.copytree(home, other)",
    "find . -name '*.py' -delete": "find . -name 'delete*'",
    "dd if=/dev/zero of=/dev/sda": "dd if=/dev/zero of=blank.img",
    "terraform destroy -auto-approve": "terraform plan",
    "kubectl -n shop delete deployment web": "kubectl -n shop get deployment web",
    "aws s3 rm s3://bucket --recursive": "aws s3 cp a s3://bucket",
    "aws ec2 terminate-instances --instance-ids i-1": "aws ec2 describe-instances",
    "docker volume rm data": "docker volume ls",
    "TRUNCATE orders;": "truncate orders at 80",
    "TRUNCATE TABLE orders, items CASCADE": "CREATE TABLE orders",
    "ALTER TABLE users DROP email;": "ALTER TABLE users ADD email text;",
    "dropdb shop": "createdb shop",
    "git clean -xdf": "git clean -n",
    "helm uninstall shop": "helm list",
    "gcloud compute instances delete web": "gcloud compute instances list",
    "mkfs.ext4 /dev/sdb1": "ls /dev/sdb1",
    "shred notes.txt": "cat shredded.txt",
}


SWEEPS = {
    # what deletes all below home or root: what deletes a folder of its own
    "for p in Path.home().rglob('*'):\n    if p.is_file():\n        p.unlink()\n": (
        "for p in (Path.home() / '.cache' / 'shop').rglob('*'):\n    p.unlink()\n"
    ),
    "top = os.path.expanduser('~')\nfor at, _, names in os.walk(top):\n    for n in names:\n        os.remove(n)\n": (
        "top = os.path.expanduser('~/.cache/shop')\nfor at, _, names in os.walk(top):\n    os.remove(names[0])\n"
    ),
    "for e in os.scandir(os.environ['HOME']):\n    os.unlink(e.path)\n": (
        "for e in os.scandir(os.environ['HOME']):\n    print(e.path)\n"
    ),
    "for at, d, names in os.walk('/'):\n    [os.remove(n) for n in names]\n": (
        "for at, d, names in os.walk('/srv/shop/tmp'):\n    [os.remove(n) for n in names]\n"
    ),
}


@pytest.mark.parametrize("sweep", SWEEPS)
def test_deleting_all_files_one_by_one_goes_to_a_person(sweep):
    assert rules(check(("src/a.py", sweep.encode()))) == [("DESTROY-FILES", Disposition.PERSON)]
    assert rules(check(("src/a.py", SWEEPS[sweep].encode()))) == []


def check(*files, **more):
    return DestructiveGate().check(candidate_of([FileSpec(*file) for file in files], **more))


def rules(report):
    return [(f.rule, f.disposition) for f in report.findings]


@pytest.mark.parametrize(("bad", "twin"), PAIRS.items(), ids=range(len(PAIRS)))
def test_what_destroys_is_raised_and_its_twin_is_not(bad, twin):
    report = check(("tool.sh", b"#!/bin/sh\n" + bad.encode() + b"\n"))
    assert report.result is Result.NEEDS_PERSON
    ((found),) = report.findings
    assert found.line == 2
    assert check(("tool.sh", b"#!/bin/sh\n" + twin.encode() + b"\n")).findings == ()


def test_a_plain_folder_below_is_only_noted():
    assert rules(check(("Makefile", b"clean:\n\trm -rf build dist/*\n"))) == [("DESTROY-FILES", Disposition.PERSON)]
    assert rules(check(("Makefile", b"clean:\n\trm -rf build ./dist/\n"))) == [("DESTROY-FILES", Disposition.NOTE)]
    assert rules(check(("Makefile", b"clean:\n\trm -rf build && rm -rf ..\n"))) == [
        ("DESTROY-FILES", Disposition.PERSON)
    ]


def test_prose_and_comments_do_not_run_and_tests_are_noted():
    line = b"rm -rf $HOME\n"
    assert check(("docs/usage.md", line)).findings == ()
    assert check(("tool.sh", b"# " + line)).findings == ()
    assert rules(check(("tests/test_tool.py", b"run('rm -rf $HOME')\n"))) == [("DESTROY-FILES", Disposition.NOTE)]


def test_only_what_is_new_counts():
    line = b"rm -rf $A\n"
    assert check(("tool.sh", line + b"echo\n", line)).findings == ()
    assert len(check(("tool.sh", line * 2, line)).findings) == 1


def test_a_migration_that_exists_may_not_change_unseen_and_a_new_one_may():
    old, new = b"op.add_column('a')\n", b"op.add_column('b')\n"
    assert rules(check(("shop/migrations/0001_first.py", new, old))) == [("DESTROY-MIGRATION", Disposition.PERSON)]
    assert rules(check(("shop/migrations/0001_first.py", None, old))) == [("DESTROY-MIGRATION", Disposition.PERSON)]
    assert check(("shop/migrations/0002_second.py", new)).findings == ()


@pytest.mark.parametrize(
    ("path", "raised"),
    [
        ("deploy/production.yaml", True),
        ("config/prod/db.toml", True),
        (".env.production", True),
        ("values-prod.yml", True),
        ("config/product.yaml", False),
        ("shop/production.py", False),
        ("config/development.yaml", False),
    ],
)
def test_settings_of_production_are_a_persons(path, raised):
    assert bool(check((path, b"replicas: 1\n", b"replicas: 3\n")).findings) is raised


def test_much_more_deleted_than_added_is_shown_with_its_reach():
    gone = [(f"old/m{n}.py", None, b"X = 1\n" * 50) for n in range(6)]
    (found,) = check(*gone, ("new.py", b"Y = 1\n")).findings
    assert found.rule == "DESTROY-MUCH"
    assert found.message == (
        "300 lines and 6 whole files are deleted, 1 lines added: "
        "old/m0.py, old/m1.py, old/m2.py, old/m3.py, old/m4.py and 1 more"
    )
    assert check(("a.py", b"X = 1\n" * 300, b"Y = 1\n" * 310)).findings == ()
    assert check(*gone[:4]).findings != ()
    assert check(("a.py", b"", b"X = 1\n" * 150)).findings == ()


def test_bulk_renames_are_shown_once():
    moved = [FileSpec(f"b/{n}.py", b"X = 1\n", b"X = 1\n", old_path=f"a/{n}.py") for n in range(25)]
    (found,) = DestructiveGate().check(candidate_of(moved)).findings
    assert (found.rule, found.message[:20]) == ("DESTROY-RENAMES", "25 files are renamed")
    assert DestructiveGate().check(candidate_of(moved[:5])).findings == ()


def test_a_flood_is_judged_in_bounded_cpu_time():
    for line in (
        b"rm " + b"-a " * 300_000,
        b"git push " + b"x " * 400_000,
        b"drop table " * 90_000,
        b"rm -r a\n" * 100_000,
    ):
        start = time.process_time()
        check(("tool.sh", line))
        assert time.process_time() - start < 8


def test_a_command_is_classified_by_its_words():
    assert [act.code for act in of_argv(["rm", "-rf", "/work/src"])] == ["DESTROY-FILES"]
    assert list(acts("ls -la")) == []


@pytest.mark.parametrize(
    ("script", "asked"),
    [
        ("work=$(mktemp -d)\ntrap 'rm -rf \"$work\"' EXIT\n", False),
        ('work="$(mktemp -d -t shop)"\nrm -rf "$work"\n', False),
        ('work=$(mktemp -d)\nwork=/srv\nrm -rf "$work"\n', True),
        ('work=$(mktemp -d)\nread -r work\nrm -rf "$work"\n', True),
        ('work=$(mktemp -d)\nrm -rf "$work" /srv\n', True),
        ('work=$(mktemp -d)\nrm -rf "$work/../.."\n', True),
        ('work=$(mktemp -d)/../..\nrm -rf "$work"\n', True),
        ('work=$(mktemp -d || echo /srv)\nrm -rf "$work"\n', True),
        ('rm -rf "$work"\n', True),
        ('work=$(mktemp -d)\nrm -rf "$work" EXIT\n', True),
        ('work=$(mktemp -d)\nrm -rf "$work"; cd ..\n', False),
    ],
)
def test_a_folder_that_the_script_made_for_itself_may_go(script, asked):
    found = DestructiveGate().check(candidate_of([FileSpec("clean.sh", f"#!/bin/sh\n{script}".encode())])).findings
    assert (Disposition.PERSON in {f.disposition for f in found}) is asked
