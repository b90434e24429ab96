"""A RabbitMQ for a test run.

`QUILL_TEST_AMQP_URL`: URL of a broker to use as it is.
Unset: `rabbitmq-server` of this machine, started privately (own node, ports, files and epmd), gone after the
run; else a container through testcontainers where docker answers; else none.
`QUILL_TEST_REQUIRE_BROKER=1`: having none is an error instead of a reason to skip.

Under xdist the controller opens it once and hands the URL to its workers in `QUILL_TEST_AMQP_URL`.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final

from quill_common.testing.private_rabbitmq import PrivateRabbitMQ, server_script

URL_VARIABLE: Final = "QUILL_TEST_AMQP_URL"
NONE: Final = "none"  # what the controller hands to its workers when there is no broker
REQUIRED_VARIABLE: Final = "QUILL_TEST_REQUIRE_BROKER"


class NoBrokerError(RuntimeError):
    """There is no RabbitMQ, and the run may not do without."""


@contextmanager
def rabbitmq_server(tmp: Path | None = None) -> Iterator[str | None]:
    """Yield an amqp URL, or None when no broker can be had. Raises NoBrokerError when one is required."""
    if os.environ.get(URL_VARIABLE) == NONE:
        yield None
        return
    with ExitStack() as stack:
        url = os.environ.get(URL_VARIABLE) or _private(stack, tmp) or _container(stack)
        if url is None and os.environ.get(REQUIRED_VARIABLE) == "1":
            raise NoBrokerError(f"No RabbitMQ: set {URL_VARIABLE}, or install rabbitmq-server or docker")
        yield url


def _private(stack: ExitStack, tmp: Path | None) -> str | None:
    if server_script() is None:
        return None
    directory = tmp / "rabbitmq" if tmp else Path(tempfile.mkdtemp(prefix="quill-rabbitmq-"))
    stack.callback(shutil.rmtree, directory, ignore_errors=True)
    broker = PrivateRabbitMQ(directory)
    stack.callback(broker.kill)
    return broker.start()


def _container(stack: ExitStack) -> str | None:
    if not _docker_answers():
        return None
    from testcontainers.rabbitmq import RabbitMqContainer

    container = stack.enter_context(RabbitMqContainer("rabbitmq:3.13"))
    host, port = container.get_container_host_ip(), container.get_exposed_port(5672)
    return f"amqp://guest:guest@{host}:{port}/"


def _docker_answers() -> bool:
    if shutil.which("docker") is None and not Path("/var/run/docker.sock").exists():
        return False
    import docker
    from docker.errors import DockerException

    try:
        with closing(docker.from_env(timeout=5)) as client:
            return bool(client.ping())
    except DockerException:
        return False
