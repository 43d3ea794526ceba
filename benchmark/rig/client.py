"""A client of a node: it keeps what the node publishes, and sets its parameters."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Condition
import time
from typing import Any

from benchmark.rig.listening import Listening

# How long anything may take [s].
PATIENCE = 60.0


@dataclass(frozen=True)
class Answer:
    """
    What came on `emotion`.

    :param stamp: of the image, in seconds of the system's clock.
    :param received: when the answer was here, by the same clock.
    :param faces: how many are in it.
    """

    stamp: float
    received: float
    faces: int

    @property
    def age(self) -> float:
        """Give the time from the publishing of the image to the answer, in seconds."""
        return self.received - self.stamp


class Client(Listening):
    """Listens to a node as a behaviour does, in this process."""

    def __init__(self, namespace: str = '') -> None:
        """
        Begin to listen.

        :param namespace: of the node.
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
        """Forget what came so far."""
        with self._changed:
            self._answers.clear()

    @property
    def answers(self) -> list[Answer]:
        """Give what came since the last `clear`."""
        with self._changed:
            return list(self._answers)

    def wait_for(self, wanted: Any = lambda answer: True, patience: float = PATIENCE) -> Answer:
        """
        Wait for an answer, from those that came since `clear` on.

        :param wanted: says of an answer if it is the one.
        :param patience: in seconds.
        :raises RuntimeError: if none comes.
        """
        with self._changed:
            found = self._changed.wait_for(
                lambda: next((one for one in self._answers if wanted(one)), None), patience
            )
        if found is None:
            raise RuntimeError(f'the node gave no such answer in {patience:g} s')
        return found

    def listen(self, seconds: float) -> list[Answer]:
        """Give what comes from now on, for so long."""
        self.clear()
        time.sleep(seconds)
        return self.answers

    def parameter_setter(self, node: str = 'emotion') -> Any:
        """
        Make what sets a parameter of the node, a number, and waits until it is accepted.

        :param node: its name.
        """
        from rcl_interfaces.msg import Parameter
        from rcl_interfaces.msg import ParameterType
        from rcl_interfaces.msg import ParameterValue
        from rcl_interfaces.srv import SetParameters

        service = self._node.create_client(SetParameters, f'{node}/set_parameters')
        if not service.wait_for_service(PATIENCE):
            raise RuntimeError('the node offers no service for parameters')

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
                raise RuntimeError(f'the node refuses {name}: {result.reason}')

        return set_integer

    @staticmethod
    def _notify(done: Condition) -> None:
        """Wake who waits."""
        with done:
            done.notify_all()

    def _on_faces(self, message: Any) -> None:
        """Keep an answer."""
        received = time.time_ns() / 1e9
        stamp = message.header.stamp.sec + message.header.stamp.nanosec / 1e9
        with self._changed:
            self._answers.append(Answer(stamp, received, len(message.detections)))
            self._changed.notify_all()

    def _on_health(self, message: Any) -> None:
        """Keep what diagnostics said last."""
        for status in message.status:
            self.health = {one.key: one.value for one in status.values}
