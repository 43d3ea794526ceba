"""Decode the recorded messages of cameras."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

from fer_ros.messages.topic_names import CALIBRATION
from fer_ros.perception.quoting import quoted
from fer_ros.perception.quoting import shortened
from fer_ros.sources.bags.raw import CDR
from fer_ros.sources.bags.raw import RawMessage
from fer_ros.sources.bags.raw import ROS1


class MessageError(ValueError):
    """Raised if a recorded message cannot be decoded; the message gives the reason."""


class Decoder:
    """Decodes messages of ROS 2 and ROS 1 to objects with the fields of ROS 2."""

    def __init__(self) -> None:
        self._stores: dict[str, Any] = {}

    def decode(self, raw: RawMessage) -> Any:
        """
        Decode a message.

        :param raw: message of a type of sensor_msgs.
        :return: an object with the fields of the type; pixels are a view of the data.
        :raises MessageError: if the data do not fit the type.
        """
        store = self._store(raw.encoding)
        read = store.deserialize_ros1 if raw.encoding == ROS1 else store.deserialize_cdr
        try:
            message = read(raw.data, raw.kind)
        except Exception as error:  # on damaged data, the generated code raises many types
            raise MessageError(
                f'the recorded data are not a {raw.kind}: '
                f'{shortened(error) or type(error).__name__}'
            ) from error
        if raw.encoding == ROS1 and raw.kind == CALIBRATION:
            return _renamed(message)
        return message

    def _store(self, encoding: str) -> Any:
        """Return the definitions of the messages in an encoding."""
        if encoding not in (CDR, ROS1):
            raise MessageError(f'the encoding is {quoted(encoding)}, not {CDR} or {ROS1}')
        if encoding not in self._stores:
            from rosbags.typesys import get_typestore
            from rosbags.typesys import Stores

            kind = Stores.ROS1_NOETIC if encoding == ROS1 else Stores.ROS2_JAZZY
            self._stores[encoding] = get_typestore(kind)
        return self._stores[encoding]


def _renamed(message: Any) -> Any:
    """Return a CameraInfo of ROS 1 with the names of ROS 2, which are in lower case."""
    return SimpleNamespace(**{name.lower(): value for name, value in vars(message).items()})
