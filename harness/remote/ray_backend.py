"""Sessions on the machines of a Ray cluster, one for each accelerator; where there are none, as many as are asked for.

Ray places and supervises; everything else is the controller's. An actor holds a session's accelerator for as long as it lives, since a model that is loaded
must stay so, and starts the session as a process of its own, whose memory is given back when it ends.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from harness.errors import HarnessError
from harness.remote.subprocess_backend import last_words

RUNTIME = {"RAY_ENABLE_UV_RUN_RUNTIME_ENV": "0", "RAY_USAGE_STATS_ENABLED": "0", "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0"}


def run_session(environ: Mapping[str, str]) -> str:
    """Runs a session to its end on whatever machine this is; what it printed last."""
    with tempfile.NamedTemporaryFile(prefix="harness-session-", suffix=".log") as log:
        subprocess.run([sys.executable, "-m", "harness.remote.session"], env=os.environ | environ, stdout=log, stderr=subprocess.STDOUT, check=False)
        return last_words(Path(log.name))


class RayBackend:
    """The engine `ray`. `address` is that of a running cluster; without one a cluster of this machine alone is started, which ends with the run."""

    def __init__(self, address: str | None = None) -> None:
        os.environ.update({name: value for name, value in RUNTIME.items() if name not in os.environ})
        import ray

        self.ray: Any = ray
        try:
            self.ray.init(address or "local", logging_level="ERROR", log_to_driver=False, include_dashboard=False)
        except Exception as error:
            mend = "Start it with ray start --head, or leave --harness-ray-address out for one on this machine"
            raise HarnessError(f"no Ray cluster can be used: {error}", where=address or "", mend=mend) from error
        self.host = str(self.ray.util.get_node_ip_address())
        resources = self.ray.cluster_resources()
        self.accelerators = int(resources.get("GPU", 0))
        self.processors = int(resources.get("CPU", 1))
        self.sessions = 1
        self.running: dict[str, tuple[Any, Any]] = {}

    def count(self, wanted: int | None) -> int:
        self.sessions = wanted or self.accelerators or min(2, self.processors)
        return self.sessions

    def start(self, name: str, environ: Mapping[str, str], number: int) -> None:  # noqa: ARG002  Ray gives it its accelerator
        # Of more sessions than accelerators several share one: each uses it while another waits for a judge.
        share = min(1.0, self.accelerators / self.sessions)
        holds = {"num_gpus": share, "num_cpus": 0} if self.accelerators else {"num_cpus": 1}
        session = self.ray.remote(Session).options(scheduling_strategy="SPREAD", **holds).remote()
        self.running[name] = session, session.run.remote(dict(environ))

    def ended(self, name: str) -> str | None:
        _, result = self.running[name]
        done, _ = self.ray.wait([result], timeout=0)
        if not done:
            return None
        try:
            return str(self.ray.get(result))
        except self.ray.exceptions.RayError as error:
            return f"harness: its machine or its process was lost ({type(error).__name__})"

    def stop(self) -> None:
        for session, _ in self.running.values():
            self.ray.kill(session)
        self.ray.shutdown()


class Session:
    """The actor."""

    def run(self, environ: dict[str, str]) -> str:
        return run_session(environ)
