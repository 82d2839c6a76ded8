"""The first run: from the lock file alone to a command that runs in an environment of its own.

A project of one package, which lies in a folder as a wheel: nothing is fetched from anywhere.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from hashservice.bootstrap.environment import Environment

PROJECT = Path(__file__).resolve().parents[2]
MANAGE = """\
import sys
from pathlib import Path
from hashservice import bootstrap
try:
    bootstrap.ensure_environment(Path(__file__).resolve().parent)
except bootstrap.BootstrapError as error:
    sys.exit(str(error))
import greeting
print(greeting.WORD, sys.prefix, *sys.argv[1:])
"""


def make_wheel(folder: Path, version: str, word: str) -> None:
    folder.mkdir(exist_ok=True)
    about = f"hashservice_greeting-{version}.dist-info"
    metadata = ("Metadata-Version: 2.1", "Name: hashservice-greeting", f"Version: {version}", "")
    files = {
        "greeting.py": f"WORD = {word!r}\n",
        f"{about}/METADATA": "\n".join(metadata),
        f"{about}/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(f"{name},,\n" for name in [*files, f"{about}/RECORD"])
    with zipfile.ZipFile(folder / f"hashservice_greeting-{version}-py3-none-any.whl", "w") as wheel:
        for name, text in {**files, f"{about}/RECORD": record}.items():
            wheel.writestr(name, text)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    root = tmp_path / "project"
    package = root / "hashservice"
    shutil.copytree(PROJECT / "hashservice" / "bootstrap", package / "bootstrap")
    (package / "__init__.py").touch()
    (root / "manage.py").write_text(MANAGE)
    (root / "requirements.lock").write_text("hashservice-greeting==1.0\n")
    make_wheel(tmp_path / "wheels", "1.0", "hello")
    make_wheel(tmp_path / "wheels", "2.0", "goodbye")
    return root


def start(project: Path, *, uv: bool = True) -> subprocess.Popen[str]:
    """`manage.py x y` by the system's Python; uv can find the wheels only when `uv` says so."""
    wheels = str(project.parent / "wheels")
    environ = {
        **{name: os.environ[name] for name in ("HOME", "PATH")},
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": wheels,
        "UV_OFFLINE": "1",
        "UV_CACHE_DIR": str(project.parent / "cache"),
        **({"UV_FIND_LINKS": wheels} if uv else {}),
    }
    return subprocess.Popen(
        [getattr(sys, "_base_executable", sys.executable), "manage.py", "x", "y"],
        cwd=project,
        env=environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def expect_greeting(process: subprocess.Popen[str], project: Path, word: str = "hello") -> str:
    """The run printed what it should, from inside `.venv`; what it said meanwhile."""
    out, said = process.communicate()
    assert out.split() == [word, str(project / ".venv"), "x", "y"], said
    return said


@pytest.mark.slow
def test_racing_first_runs_install_once_and_later_ones_only_run(project: Path) -> None:
    runs = [start(project), start(project)]
    said = "".join(expect_greeting(run, project) for run in runs)
    assert said.count("installed by") == 1
    assert expect_greeting(start(project), project) == ""


@pytest.mark.slow
def test_pip_installs_where_uv_cannot_and_what_pip_said_of_a_failure_is_shown(
    project: Path,
) -> None:
    assert "installed by pip" in expect_greeting(start(project, uv=False), project)
    (project / "requirements.lock").write_text("hashservice-greeting==3.0\n")
    process = start(project)
    _, said = process.communicate()
    assert process.returncode == 1
    assert "hashservice-greeting==3.0" in said
    assert "Traceback" not in said


@pytest.mark.slow
def test_environment_is_adopted_brought_up_to_date_and_repaired(project: Path) -> None:
    expect_greeting(start(project), project)
    environment = Environment(project)

    environment.stamp.unlink()
    assert expect_greeting(start(project), project) == ""
    assert environment.is_ready()

    environment.lock_file.write_text("hashservice-greeting==2.0\n")
    assert "installed by" in expect_greeting(start(project), project, "goodbye")

    environment.mark.touch()  # as a killed install leaves it, its metadata complete
    next(environment.folder.glob("lib/python*/site-packages/greeting.py")).unlink()
    assert "installed by" in expect_greeting(start(project), project, "goodbye")
    assert environment.is_ready()


@pytest.fixture
def environment(tmp_path: Path) -> Environment:
    """An environment whose interpreter is the one that runs the tests."""
    made = Environment(tmp_path)
    made.lock_file.write_text("one==1\n")
    made.python.parent.mkdir(parents=True)
    made.python.symlink_to(sys.executable)
    made.write_stamp()
    return made


def test_environment_is_ready_once_stamped(environment: Environment) -> None:
    assert environment.is_ready()


def test_environment_is_not_ready_for_another_lock_file(environment: Environment) -> None:
    environment.lock_file.write_text("one==2\n")
    assert not environment.is_ready()


def test_environment_is_not_ready_when_its_python_has_gone(environment: Environment) -> None:
    environment.python.unlink()
    assert not environment.is_ready()


def test_environment_is_not_ready_while_an_install_is_under_way(environment: Environment) -> None:
    environment.mark.touch()
    assert not environment.is_ready()
    assert not environment.is_usable()


def test_torn_stamp_counts_as_none(environment: Environment) -> None:
    environment.stamp.write_text("0123")
    assert not environment.is_ready()
