"""Training data and logs through a real Kafka broker."""

from __future__ import annotations

import json
import os
import textwrap
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from kafka_broker import KafkaBroker, kafka_broker
from mlsql_engine import MlsqlError, Session
from recorded import RecordedProgress

pytestmark = pytest.mark.heavy

SHOW = """
import mlsql
for batch in mlsql.read_data()(max_records=2):
    print([list(row.items()) for row in batch])
mlsql.save_model(1)
"""
COUNT = """
import mlsql
for _ in range(2):
    ids = [row["id"] for batch in mlsql.read_data()() for row in batch]
    print(len(ids), ids == list(range(len(ids))))
mlsql.save_model(1)
"""
MIXED = """
    select 1 as id, 'a\\nü' as t, 1.5D as x, vec_dense(array(1.0, 2.0)) as v, array(1, 2) as l, true as b,
        date '2026-11-22' as d, cast(2.50 as decimal(5, 2)) as m
    union all select 2, null, null, vec_sparse(4, map(1, 2.5D)), null, false, null, null
    union all select 3, '', -0.0D, null, array(), null, date '0001-01-01', -1.25 order by id as mixed;
"""


@pytest.fixture(scope="module")
def broker() -> Iterator[KafkaBroker]:
    with kafka_broker() as broker:
        yield broker


@pytest.fixture
def topic() -> str:
    """The name of a topic of this test's own."""
    return f"test-{uuid.uuid4().hex}"


class Kafka:
    """What a test does with a session and a broker."""

    def __init__(self, session: Session, broker: KafkaBroker, folder: Path, progress: RecordedProgress) -> None:
        self.session, self.broker, self.folder, self.progress = session, broker, folder, progress

    def train(
        self, script: str, table: str = "data", options: str = "", local: bool = False
    ) -> list[dict[str, Any]]:
        """The rows of the result; the data is called `data`, or made by the statement `table`."""
        name = "data"
        if " " in table:
            self.session.run(table, name="table.mlsql")
            name = table.rstrip("; \n").split()[-1]
        (self.folder / "train.py").write_text(textwrap.dedent(script), encoding="utf-8")
        through = f'and enableDataLocal="{str(local).lower()}" and kafkaParam.bootstrap.servers="{self.address}"'
        statement = f'train {name} as PythonAlg.`model` where pythonScriptPath="train.py" {through} {options};'
        result = self.session.run(statement, name="test.mlsql", folder=self.folder)
        assert result is not None
        return result.to_arrow().to_pylist(maps_as_pydicts="strict")

    def error(self, script: str, table: str = "data", options: str = "") -> MlsqlError:
        with pytest.raises(MlsqlError) as caught:
            self.train(script, table, options)
        assert not list(self.folder.glob("model/_model_*"))
        return caught.value

    @property
    def address(self) -> str:
        return self.broker.address

    def printed(self) -> list[str]:
        """What the scripts printed since the last time."""
        lines = [line for _, line in self.progress.lines]
        self.progress.lines.clear()
        return lines

    def topics(self) -> set[str]:
        """Those that trainings have made and that the broker has."""
        listed = AdminClient({"bootstrap.servers": self.address}).list_topics(timeout=60).topics
        return {name for name in listed if name.startswith("mlsql-train-")}

    def logged(self, topic: str, count: int) -> list[Any]:
        """The first log messages of this test's model in a topic; it waits until there are so many."""
        consumer = Consumer({"bootstrap.servers": self.address, "group.id": "test", "enable.auto.commit": False})
        consumer.assign([TopicPartition(topic, 0, 0)])
        found: list[Any] = []
        while len(found) < count:
            message = consumer.poll(60)
            assert message is not None
            assert message.error() is None
            if message.key() == str(self.folder / "model").encode():
                found.append(message)
        consumer.close()
        return found

    def end(self, topic: str) -> int:
        """The offset that comes next in a topic."""
        consumer = Consumer({"bootstrap.servers": self.address, "group.id": "test"})
        _, high = consumer.get_watermark_offsets(TopicPartition(topic, 0), timeout=60)
        consumer.close()
        return int(high)

    def forget(self, topic: str, before: int) -> None:
        """Have the broker remove a topic's messages before an offset, as it does with old ones."""
        admin = AdminClient({"bootstrap.servers": self.address})
        (done,) = admin.delete_records([TopicPartition(topic, 0, before)]).values()
        done.result(60)


@pytest.fixture
def kafka(session: Session, broker: KafkaBroker, tmp_path: Path, progress: RecordedProgress) -> Kafka:
    return Kafka(session, broker, tmp_path, progress)


@pytest.mark.parametrize("form", ["json", "arrow"])
def test_the_rows_are_those_of_local_files(kafka: Kafka, form: str) -> None:
    options = f'and dataLocalFormat="{form}"'
    kafka.train(SHOW, MIXED, options, local=True)
    local = kafka.printed()
    assert len(local) == 2
    kafka.train(SHOW, MIXED, options)
    assert kafka.printed() == local
    assert kafka.topics() == set()


@pytest.mark.parametrize("form", ["json", "arrow"])
def test_every_group_reads_all_rows_as_often_as_it_likes(kafka: Kafka, form: str) -> None:
    options = f'and dataLocalFormat="{form}" and fitParam.0.a="1" and fitParam.1.a="2"'
    kafka.train(COUNT, "select id, id * 0.5 as x from range(200000) as many;", options)
    assert kafka.printed() == ["200000 True"] * 4
    (sent,) = [note for note in kafka.progress.notes if " rows sent " in note]
    assert sent.startswith("train: 200,000 rows sent through the topic mlsql-train-")
    assert f" as {form} in " in sent


@pytest.mark.parametrize("form", ["json", "arrow"])
def test_all_data_at_once_is_collected(kafka: Kafka, form: str) -> None:
    script = """
    import mlsql, os
    print(mlsql.load_data().to_pylist() == mlsql.load_data().to_pylist())
    print(mlsql.load_data("numpy")[0].tolist(), mlsql.load_data("numpy")[1].tolist())
    print(sorted(os.listdir("data")), "tempDataLocalPath" in mlsql.internal_system_param)
    X, y = mlsql.get_validate_data()
    print(X.tolist(), y.tolist())
    mlsql.save_model(1)
    """
    kafka.train(script, options=f'and dataLocalFormat="{form}" and validateTable="data"')
    matrix = "[[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]] [0, 1, 1]"
    assert kafka.printed() == ["True", matrix, f"['part-00000.{form}'] False", matrix]


@pytest.mark.parametrize("form", ["json", "arrow"])
def test_a_table_without_rows(kafka: Kafka, form: str) -> None:
    script = "import mlsql\nprint(list(mlsql.read_data()()))\nmlsql.save_model(1)"
    kafka.train(script, "select * from data where x > 10 as none;", f'and dataLocalFormat="{form}"')
    assert kafka.printed() == ["[]"]


def test_a_script_that_has_enough_ends_an_endless_table(kafka: Kafka) -> None:
    script = """
    import mlsql
    print(next(mlsql.read_data()(max_records=3)))
    mlsql.save_model(1)
    """
    kafka.train(script, "select id from range(10000000000000) as endless;")
    assert kafka.printed() == ["[{'id': 0}, {'id': 1}, {'id': 2}]"]
    assert kafka.topics() == set()


def test_a_topic_that_is_named_stays_and_is_used_again(kafka: Kafka, topic: str) -> None:
    named = f'and kafkaParam.topic="{topic}" and kafkaParam.group_id="ours"'
    kafka.train(SHOW, "select 1 as id as first;", named)
    # Another's messages, and a run that did not come to its end.
    others = Producer({"bootstrap.servers": kafka.address})
    others.produce(topic, b"not ours")
    others.produce(topic, b'{"id": 7}\n', headers={"mlsql-run": "lost", "mlsql-kind": b"json"})
    others.flush()
    kafka.train(SHOW, "select 2 as id as second;", named)
    assert kafka.printed() == ["[[('id', 1)]]", "[[('id', 2)]]"]
    end = kafka.end(topic)
    others.produce(topic, b'{"id": 8}\n', headers={"mlsql-run": "lost", "mlsql-kind": b"json"})
    others.flush()
    kafka.train(SHOW, "select 3 as id as third;", f'{named} and kafkaParam.reuse="true"')
    assert kafka.printed() == ["[[('id', 2)]]"]
    assert kafka.end(topic) == end + 1
    assert f"train: the 1 rows in the topic {topic} are used again" in kafka.progress.notes


def test_far_behind_what_others_wrote_a_run_is_found(kafka: Kafka, topic: str) -> None:
    kafka.train(SHOW, "select 1 as id as first;", f'and kafkaParam.topic="{topic}"')
    others = Producer({"bootstrap.servers": kafka.address})
    for number in range(1000):
        others.produce(topic, str(number).encode())
    others.flush()
    kafka.train(SHOW, "select 3 as id as third;", f'and kafkaParam.topic="{topic}" and kafkaParam.reuse="true"')
    assert kafka.printed() == ["[[('id', 1)]]"] * 2


def test_what_cannot_be_used_again(kafka: Kafka, topic: str) -> None:
    again = f'and kafkaParam.topic="{topic}" and kafkaParam.reuse="true"'
    error = kafka.error(SHOW, options=again)
    assert (error.code, error.message) == (
        "KAFKA_TOPIC",
        f"there is no topic {topic} on {kafka.address} to use again",
    )
    assert error.hint == "leave kafkaParam.reuse out, and the table's rows are written into it"
    assert error.span is not None
    assert error.span.text == f'"{topic}"'
    producer = Producer({"bootstrap.servers": kafka.address})
    producer.produce(topic, b'{"x": 1}\n', headers={"mlsql-run": "lost", "mlsql-kind": b"json"})
    producer.flush()
    error = kafka.error(SHOW, options=again)
    assert (error.code, error.message) == (
        "KAFKA_TOPIC",
        f"the topic {topic} holds no training data that was written to its end",
    )
    end = {"first": 0, "rows": 1, "form": "json", "columns": ["x"]}
    producer.produce(topic, json.dumps(end).encode(), headers={"mlsql-run": "lost", "mlsql-kind": b"end"})
    producer.flush()
    error = kafka.error(SHOW, options=again)
    assert (error.code, error.message) == (
        "BAD_VALUE",
        f"the topic {topic} holds rows of other columns than the table: x",
    )
    kafka.forget(topic, 1)
    error = kafka.error(SHOW, options=again)
    assert (error.code, error.message) == (
        "KAFKA_TOPIC",
        f"the topic {topic} no longer holds all 1 rows: the broker has removed the first ones",
    )


@pytest.mark.parametrize(("form", "size"), [("json", "2,000,009"), ("arrow", "2,000,296")])
def test_a_row_that_is_too_wide(kafka: Kafka, form: str, size: str) -> None:
    error = kafka.error(SHOW, "select repeat('x', 2000000) as t as wide;", f'and dataLocalFormat="{form}"')
    assert (error.code, error.message) == (
        "KAFKA_MESSAGE_SIZE",
        f"row 1 of the table would be a message of {size} bytes, which the Kafka broker does not take",
    )
    assert error.hint == (
        "make a topic with a larger max.message.bytes and name it by kafkaParam.topic, "
        'or use enableDataLocal="true"'
    )
    assert kafka.topics() == set()
    assert not [note for note in kafka.progress.notes if "failed" in note]


def test_a_query_that_fails_ends_the_training(kafka: Kafka) -> None:
    script = "import mlsql\nfor batch in mlsql.read_data()():\n    pass\nmlsql.save_model(1)"
    error = kafka.error(script, "select id, assert_true(id < 150000) from range(200000) as some;")
    assert (error.code, error.message) == ("SQL", "assertion failed")


def test_without_a_script_an_estimator_is_trained(kafka: Kafka) -> None:
    kafka.session.run("select id as x, id * 2.0 as label from range(100) as line;")
    table = kafka.session.run(
        'train line as SKLearn.`fitted` where alg="LinearRegression" and validateTable="line" '
        f'and enableDataLocal="false" and kafkaParam.bootstrap.servers="{kafka.address}";',
        folder=kafka.folder,
    )
    assert table is not None
    (row,) = table.to_arrow().to_pylist()
    assert (row["status"], round(row["score"], 9)) == ("success", 1.0)
    assert kafka.topics() == set()


def test_an_interpreter_without_the_client(kafka: Kafka) -> None:
    error = kafka.error(SHOW, options='and systemParam.pythonParam="-S"')
    python = error.message.split(" the interpreter ")[1].split(" ")[0]
    assert (error.code, error.message) == (
        "SCRIPT_CONTRACT",
        f"train.py: the training data comes through Kafka, and the interpreter {python} has no confluent_kafka",
    )
    assert error.hint == f"install it: {python} -m pip install confluent-kafka"


def test_a_password_is_in_no_manifest(kafka: Kafka) -> None:
    secret = 'and kafkaParam.sasl.password="hunter2" and `kafkaParam.ssl.key.password`="hunter3"'
    kafka.train(SHOW, options=secret)
    kept = "".join(path.read_text(encoding="utf-8") for path in kafka.folder.glob("model/_model_*/meta/**/*.json"))
    assert '"kafkaParam.sasl.password": "***"' in kept
    assert "hunter" not in kept
    assert not [line for line in [*kafka.printed(), *kafka.progress.notes] if "hunter" in line]


class GateProgress(RecordedProgress):
    """Does something when a line is printed or a note is told."""

    def __init__(self) -> None:
        super().__init__()
        self.gates: dict[str, Any] = {}

    def note(self, text: str) -> None:
        super().note(text)
        self._pass(text)

    def output(self, who: str, line: str) -> None:
        super().output(who, line)
        self._pass(line)

    def _pass(self, text: str) -> None:
        for word in [word for word in self.gates if word in text]:
            self.gates.pop(word)()


class TestFaults:
    """The broker dies, or somebody ends the training."""

    @pytest.fixture
    def progress(self) -> GateProgress:
        return GateProgress()

    @pytest.fixture
    def broker(self) -> Iterator[KafkaBroker]:
        with kafka_broker() as broker:
            yield broker

    def test_the_broker_dies_while_rows_are_sent(self, kafka: Kafka, progress: GateProgress) -> None:
        progress.gates["[{'id': 0}]"] = kafka.broker.kill
        script = """
        import mlsql, threading
        print(next(mlsql.read_data()(max_records=1)), flush=True)
        threading.Event().wait()
        """
        error = kafka.error(script, "select id from range(10000000000) as much;", 'and kafkaParam.timeout="2s"')
        assert (error.code, error.message) == (
            "KAFKA_UNREACHABLE",
            f"the Kafka broker {kafka.address} cannot be reached: Connection refused",
        )
        assert [code for code, _ in progress.warnings] == ["KAFKA_TOPIC_LEFT"]

    def test_the_broker_dies_while_rows_are_read(self, kafka: Kafka, progress: GateProgress) -> None:
        gate = kafka.folder / "gate"
        os.mkfifo(gate)

        def sent() -> None:
            kafka.broker.kill()
            gate.write_text("on")

        progress.gates[" rows sent through "] = sent
        script = f"""
        import mlsql
        batches = mlsql.read_data()(max_records=1)
        next(batches)
        open({str(gate)!r}).read()
        for batch in batches:
            pass
        """
        # More than a reader takes in advance.
        table = "select id, repeat('x', 100000) as t from range(1000) as wide;"
        error = kafka.error(script, table, 'and kafkaParam.timeout="2s"')
        assert (error.code, error.message) == (
            "SCRIPT_CONTRACT",
            f"train.py: the Kafka broker {kafka.address} does not answer any more: Connection refused",
        )

    def test_cancelled_while_nothing_comes(self, kafka: Kafka, progress: GateProgress) -> None:
        progress.gates["started"] = lambda: kafka.session.cancel(3)  # data, table, train
        script = """
        import mlsql
        print("started", flush=True)
        next(mlsql.read_data()())
        """
        error = kafka.error(script, "select sum(id * 1.5) as s from range(10000000000000) as never;")
        assert error.code == "CANCELLED"
        assert kafka.topics() == set()


def test_what_scripts_print_is_sent_line_by_line(kafka: Kafka, topic: str) -> None:
    script = 'import mlsql\nprint("ü", mlsql.fit_param["a"])\nprint("two")\nmlsql.save_model(1)'
    named = f'and kafkaParam.topic="{topic}" and fitParam.0.a="x" and fitParam.3.a="y"'
    kafka.train(script, options=named, local=True)
    found = kafka.logged(topic, 4)
    told = sorted((json.loads(message.value()) for message in found), key=lambda line: int(line["groupIndex"]))
    model = str(kafka.folder / "model")
    assert all(line.pop("time").startswith("20") for line in told)
    assert told == [
        {"modelPath": model, "groupIndex": index, "script": "train.py", "line": line}
        for index, line in ((0, "ü x"), (0, "two"), (3, "ü y"), (3, "two"))
    ]
    assert kafka.progress.warnings == []


def test_the_log_has_a_topic_of_its_own(kafka: Kafka) -> None:
    kafka.train('import mlsql\nprint("here")\nmlsql.save_model(1)', local=True)
    (message,) = kafka.logged("mlsql-training-log", 1)
    assert json.loads(message.value())["line"] == "here"


def test_a_log_that_the_broker_refuses_is_one_warning(kafka: Kafka) -> None:
    script = 'import mlsql\nprint("a")\nprint("b")\nmlsql.save_model(1)'
    kafka.train(script, options='and kafkaParam.topic="not a name"', local=True)
    assert kafka.progress.warnings == [
        (
            "KAFKA_LOG",
            f"2 lines of the training log did not reach the topic not a name on {kafka.address}: "
            "Broker: Invalid topic",
        )
    ]
