"""An embedded PostgreSQL: the programs of a wheel, a cluster of our own, a socket, no network.

`postgres` keeps the cluster, `hashservice_owner` owns the database and migrates it,
`hashservice_app` is the runtime and owns nothing; roles of single duties are there for whoever
wants them (`hashservice/roles.py`). There is no password: the kernel tells the server who connects
(peer authentication), and only the user who started it may take these roles.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
from pathlib import Path

from hashservice.embedded.account import own_name, server_account
from hashservice.embedded.binaries import find_postgres
from hashservice.embedded.errors import EmbeddedError
from hashservice.embedded.places import copy_tree, make_folder, persistent_folder, socket_folder

SUPERUSER, OWNER, RUNTIME = "postgres", "hashservice_owner", "hashservice_app"
DUTIES = ("hashservice_web", "hashservice_worker", "hashservice_sealer")
DATABASE = "hashservice"
PORT = 5432  # names the socket file; nothing listens on the network
MAX_CONNECTIONS = 100
_PROTOCOL_3_0 = 196608
_TERMINATE = struct.pack("!ci", b"X", 4)

_ROLES = f"""\
CREATE ROLE {OWNER} LOGIN NOSUPERUSER CREATEDB NOCREATEROLE NOBYPASSRLS;
CREATE ROLE {RUNTIME} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;
""" + "".join(
    f"CREATE ROLE {duty} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS;\n"
    for duty in DUTIES
)
_DATABASE = f"""\
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
CREATE DATABASE {DATABASE} OWNER {OWNER} TEMPLATE template1;
"""


class Postgres:
    """The cluster kept in `folder`; when not `durable` it is quick, and new for every keeper."""

    name = "postgres"
    variable = "DATABASE_URL"

    def __init__(self, folder: Path, *, durable: bool) -> None:
        self.folder = folder
        self.durable = durable
        self.account = server_account()
        self._base = self._place()
        self._home = self._runnable(find_postgres())
        self._data = self._base / "cluster" / "data"
        self._socket = socket_folder(self._base / "cluster" / "socket")
        self.account.owns(self._socket)

    @property
    def stop_signal(self) -> signal.Signals:
        """Fast shutdown, or at once for a cluster that nobody will read again."""
        return signal.SIGINT if self.durable else signal.SIGQUIT

    def addresses(self) -> dict[str, str]:
        at = f"@/{DATABASE}?host={self._socket}"
        return {
            "DATABASE_URL": f"postgresql://{RUNTIME}{at}",
            "DATABASE_OWNER_URL": f"postgresql://{OWNER}{at}",
        }

    def prepare(self) -> None:
        """Make the cluster or check it. The caller knows that no server of this folder runs."""
        if not self.durable:
            shutil.rmtree(self._data, ignore_errors=True)
        if not self._data.exists():
            self._initialise()
        self._check_version()
        self._write_access_rules()
        # No server runs, so these are left-overs; their process id may be somebody else's by now.
        (self._data / "postmaster.pid").unlink(missing_ok=True)
        (self._socket / f".s.PGSQL.{PORT}.lock").unlink(missing_ok=True)

    def command(self) -> list[str]:
        options = {
            "max_connections": str(MAX_CONNECTIONS),
            "hba_file": str(self._base / "pg_hba.conf"),
            "ident_file": str(self._base / "pg_ident.conf"),
            "timezone": "UTC",
            "log_timezone": "UTC",
        }
        if sys.platform == "linux":
            # After a crash: flush the file system once, not a thousand files one by one.
            options["recovery_init_sync_method"] = "syncfs"
        if not self.durable:
            options |= {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}
        command = [self._program("postgres"), "-D", str(self._data), "-k", str(self._socket)]
        command += ["-h", "", "-p", str(PORT)]
        return command + [f"--{name}={value}" for name, value in options.items()]

    def answers(self) -> bool:
        """Whether the server lets us in (a start-up message answered by an authentication)."""
        fields = f"user\0{SUPERUSER}\0database\0{DATABASE}\0\0".encode()
        try:
            with socket.socket(socket.AF_UNIX) as connection:
                connection.settimeout(5)
                connection.connect(str(self._socket / f".s.PGSQL.{PORT}"))
                connection.sendall(struct.pack("!ii", len(fields) + 8, _PROTOCOL_3_0) + fields)
                answer = connection.recv(1)
                connection.sendall(_TERMINATE)
                while connection.recv(4096):
                    pass  # hanging up with words unread would be an error in the server's log
        except OSError:
            return False
        return answer == b"R"

    def _place(self) -> Path:
        """A folder that the server's user can reach: ours, or one outside of a closed home."""
        inside = make_folder(self.folder, traversable=self.account.switch)
        if self._holds_cluster(inside):
            return inside
        if (inside / "cluster" / "data").exists():
            raise EmbeddedError(f"PostgreSQL's user can no longer reach its data in {inside}")
        shutil.rmtree(inside / "cluster")
        outside = persistent_folder(inside / "place")
        if not self._holds_cluster(outside):
            raise EmbeddedError(f"PostgreSQL's user can reach neither {inside} nor {outside}")
        return outside

    def _holds_cluster(self, base: Path) -> bool:
        cluster = base / "cluster"
        cluster.mkdir(mode=0o700, exist_ok=True)
        self.account.owns(cluster)
        return self.account.reaches(cluster)

    def _runnable(self, home: Path) -> Path:
        """The programs, copied where the server's user can run them when it cannot in place.

        They find their libraries at a fixed relative path, `../<package>.libs`: it is copied along.
        """
        if self.account.runs(home / "bin" / "initdb"):
            return home
        package = home.parent
        version = str((home / "bin" / "postgres").stat().st_mtime_ns)
        copy = make_folder(self._base / "programs" / version, traversable=True)
        libraries = package.with_name(f"{package.name}.libs")
        if libraries.exists():
            copy_tree(libraries, copy / libraries.name)
        copy_tree(home, copy / package.name / home.name)
        return copy / package.name / home.name

    def _program(self, name: str) -> str:
        return str(self._home / "bin" / name)

    def _initialise(self) -> None:
        draft = self._data.with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        settings = ["-U", SUPERUSER, "-A", "peer", "-E", "UTF8", "--locale=C.UTF-8"]
        settings += ["--data-checksums"] if self.durable else ["--no-sync"]
        self._run("initdb", "-D", str(draft), *settings)
        for database, statements in (("postgres", _ROLES), ("template1", _DATABASE)):
            options = ["-D", str(draft), "-c", "exit_on_error=true"]
            self._run("postgres", "--single", *options, database, text=statements)
        draft.rename(self._data)

    def _check_version(self) -> None:
        made_by = (self._data / "PG_VERSION").read_text("utf8").strip()
        ours = self._run("postgres", "--version").split()[2].split(".")[0]
        if made_by != ours:
            raise EmbeddedError(
                f"{self._data} was made by PostgreSQL {made_by} and this is PostgreSQL {ours}: "
                "dump it with the old one, or move it away to begin anew"
            )

    def _write_access_rules(self) -> None:
        """In our folder, not the server's: it cannot let anybody else in."""
        roles = (SUPERUSER, OWNER, RUNTIME, *DUTIES)
        rules = {
            "pg_hba.conf": f"local all {','.join(roles)} peer map=us\n",
            "pg_ident.conf": "".join(f'us "{own_name()}" {role}\n' for role in roles),
        }
        for name, text in rules.items():
            path = self._base / name
            path.write_text(text, "utf8")
            path.chmod(0o644)

    def _run(self, name: str, *arguments: str, text: str = "") -> str:
        done = subprocess.run(
            [self._program(name), *arguments],
            input=text,
            capture_output=True,
            text=True,
            cwd="/",
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8"},
            check=False,
            **self.account.popen_options(),
        )
        if done.returncode != 0:
            raise EmbeddedError(f"{name} failed: {(done.stderr or done.stdout).strip()}")
        return str(done.stdout)
