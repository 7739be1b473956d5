"""The SMTP server of the tests, as a process of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.smtp_server import read_connections, read_log
from tests.support.transports import ANNE, BASILE, MESSAGE, send, transport_to
from workflows.core.ports import ConnectionLost


def test_the_server_runs_as_a_process_that_outlives_its_client(tmp_path: Path) -> None:
    log = tmp_path / "log"
    fault = '{"at": "END", "do": "lose", "times": 1}'
    command = [sys.executable, "-m", "tests.support.smtp_server", "--log", str(log), "--fault", fault]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(process.stdout.readline().split()[1])
            with transport_to(port) as transport:
                with pytest.raises(ConnectionLost):
                    send(transport, ANNE)
                send(transport, BASILE)
        finally:
            process.terminate()
    assert [(m.recipients, m.content) for m in read_log(log)] == [((ANNE,), MESSAGE), ((BASILE,), MESSAGE)]
    assert read_connections(log) == 2
