"""A Kafka broker of one node, from the jars in the cache."""

from __future__ import annotations

import shutil
import socket
import subprocess

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from .collectors import free_port, until


PROPERTIES = """\
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={data}
num.partitions=4
group.initial.rebalance.delay.ms=0
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
share.coordinator.state.topic.replication.factor=1
share.coordinator.state.topic.min.isr=1
"""
JAVA = ("-Xmx256m", "-XX:TieredStopAtLevel=1")


@contextmanager
def broker(jars: Path, folder: Path) -> Iterator[str]:
    """The address of a broker that is ready, and gone afterwards."""
    java = shutil.which("java")
    if java is None:
        pytest.skip("Kafka needs Java 17: apt-get install openjdk-17-jre-headless")
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    properties = folder / "server.properties"
    text = PROPERTIES.format(port=port, controller=free_port(), data=folder / "data")
    properties.write_text(text, "utf-8")
    command = [java, *JAVA, "-cp", f"{jars}/*"]
    made = [
        *command,
        "kafka.tools.StorageTool",
        "format",
        "-t",
        "otel-tokens-of-a-test0",
        "-c",
        str(properties),
    ]
    subprocess.run(made, check=True, capture_output=True, timeout=60)
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(
            [*command, "kafka.Kafka", str(properties)], stdout=log, stderr=subprocess.STDOUT, cwd=folder
        )
    try:
        until(lambda: _listens(port), 60, lambda: (folder / "log").read_text("utf-8")[-3000:])
        yield f"127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
