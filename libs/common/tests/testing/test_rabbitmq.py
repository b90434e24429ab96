"""The private broker lives beside any other, survives a kill with its queues, and goes without trace."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import aio_pika
import psutil
import pytest
from quill_common.testing.private_rabbitmq import PrivateRabbitMQ, server_script
from quill_common.testing.rabbitmq import NoBrokerError, rabbitmq_server

# RabbitMQ writes its directory of quorum queues to disk every three seconds only: one declared just before a
# power cut comes back without a leader and answers nothing. Seen with 3.10.8.
SECONDS_TO_SAVE_A_QUEUE = 5

pytestmark = [
    pytest.mark.skipif(server_script() is None, reason="there is no rabbitmq-server on this machine"),
    pytest.mark.timeout(180),
]


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[PrivateRabbitMQ]:
    broker = PrivateRabbitMQ(tmp_path)
    yield broker
    broker.kill()


def _processes_of(directory: Path) -> list[psutil.Process]:
    return [p for p in psutil.process_iter(["cmdline"]) if str(directory) in " ".join(p.info["cmdline"] or [])]


async def test_confirmed_messages_survive_a_kill_of_the_broker(broker: PrivateRabbitMQ, tmp_path: Path) -> None:
    connection = await aio_pika.connect(broker.start())
    channel = await connection.channel()
    await channel.declare_queue("kept", durable=True, arguments={"x-queue-type": "quorum"})
    message = aio_pika.Message(b"word", delivery_mode=aio_pika.DeliveryMode.PERSISTENT)
    await channel.default_exchange.publish(message, routing_key="kept")
    await asyncio.sleep(SECONDS_TO_SAVE_A_QUEUE)
    broker.kill()
    await connection.close()
    assert _processes_of(tmp_path) == []

    async with await aio_pika.connect(broker.start()) as again:
        queue = await (await again.channel()).get_queue("kept")
        assert (await queue.get(timeout=60)).body == b"word"


def test_a_given_url_is_used_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUILL_TEST_AMQP_URL", "amqp://elsewhere/")
    with rabbitmq_server() as url:
        assert url == "amqp://elsewhere/"


def test_a_missing_broker_is_an_error_where_it_is_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("QUILL_TEST_AMQP_URL", raising=False)
    monkeypatch.delenv("QUILL_TEST_REQUIRE_BROKER", raising=False)
    monkeypatch.setattr("quill_common.testing.rabbitmq.server_script", lambda: None)
    monkeypatch.setattr("quill_common.testing.rabbitmq._docker_answers", lambda: False)
    with rabbitmq_server() as url:
        assert url is None
    monkeypatch.setenv("QUILL_TEST_REQUIRE_BROKER", "1")
    with pytest.raises(NoBrokerError), rabbitmq_server():
        pass
