"""A client of a node: it stores the messages of the node, and sets its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Condition
import time
from typing import Any

from benchmark.rig.listening import Listening

# Maximum time to wait for the node [s].
PATIENCE = 60.0


@dataclass(frozen=True)
class Answer:
    """
    A message received on `emotion`.

    :param stamp: timestamp of the image, in seconds of the system clock.
    :param received: time of reception, by the same clock.
    :param faces: number of faces in the message.
    """

    stamp: float
    received: float
    faces: int

    @property
    def age(self) -> float:
        """Return the time from the timestamp of the image to the reception of the result [s]."""
        return self.received - self.stamp


class Client(Listening):
    """Subscribes to a node in this process, like a robot behaviour."""

    def __init__(self, namespace: str = '') -> None:
        """
        Subscribe to the topics of a node.

        :param namespace: namespace of the node.
        """
        from diagnostic_msgs.msg import DiagnosticArray
        from vision_msgs.msg import Detection2DArray

        self.health: dict[str, str] = {}
        self.bytes = 0
        self._answers: list[Answer] = []
        self._changed = Condition()
        topics = [
            (Detection2DArray, 'emotion', self._on_faces),
            (DiagnosticArray, '/diagnostics', self._on_health),
        ]
        super().__init__('client', topics, namespace)

    def clear(self) -> None:
        """Discard all results received so far."""
        with self._changed:
            self._answers.clear()

    @property
    def answers(self) -> list[Answer]:
        """Return the results received since the last `clear`."""
        with self._changed:
            return list(self._answers)

    def wait_for(self, wanted: Any = lambda answer: True, patience: float = PATIENCE) -> Answer:
        """
        Wait for a result, including those received since the last `clear`.

        :param wanted: function that returns whether a result is the expected one.
        :param patience: maximum time to wait in seconds.
        :raises RuntimeError: if no such result is received in time.
        """
        with self._changed:
            found = self._changed.wait_for(
                lambda: next((one for one in self._answers if wanted(one)), None), patience
            )
        if found is None:
            raise RuntimeError(
                f'the node did not publish the expected result within {patience:g} s'
            )
        return found

    def listen(self, seconds: float) -> list[Answer]:
        """Return the results received during the next seconds."""
        self.clear()
        time.sleep(seconds)
        return self.answers

    def parameter_setter(self, node: str = 'emotion') -> Any:
        """
        Return a function that sets an integer parameter and waits until the node accepts it.

        :param node: name of the node.
        """
        from rcl_interfaces.msg import Parameter
        from rcl_interfaces.msg import ParameterType
        from rcl_interfaces.msg import ParameterValue
        from rcl_interfaces.srv import SetParameters

        service = self._node.create_client(SetParameters, f'{node}/set_parameters')
        if not service.wait_for_service(PATIENCE):
            raise RuntimeError('the node has no parameter services')

        def set_integer(name: str, value: int) -> None:
            parameter = Parameter(
                name=name,
                value=ParameterValue(type=ParameterType.PARAMETER_INTEGER, integer_value=value),
            )
            future = service.call_async(SetParameters.Request(parameters=[parameter]))
            done = Condition()
            with done:
                future.add_done_callback(lambda _: self._notify(done))
                done.wait_for(future.done, PATIENCE)
            (result,) = future.result().results
            if not result.successful:
                raise RuntimeError(f'the node rejects {name}: {result.reason}')

        return set_integer

    @staticmethod
    def _notify(done: Condition) -> None:
        """Wake the waiting thread."""
        with done:
            done.notify_all()

    def _on_faces(self, message: Any) -> None:
        """Store a result."""
        received = time.time_ns() / 1e9
        stamp = message.header.stamp.sec + message.header.stamp.nanosec / 1e9
        with self._changed:
            self._answers.append(Answer(stamp, received, len(message.detections)))
            self._changed.notify_all()

    def _on_health(self, message: Any) -> None:
        """Store the last diagnostics."""
        for status in message.status:
            self.health = {one.key: one.value for one in status.values}
