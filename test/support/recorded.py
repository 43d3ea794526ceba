"""Read the messages of `result.mcap`, and compare messages of different libraries."""

from array import array

from mcap.reader import make_reader
import numpy as np

from fer_ros.offline.outputs.message_types import message_store


def recorded_messages(path):
    """Read (topic, log time, message) of an MCAP file."""
    store = message_store()
    with path.open('rb') as stream:
        return [
            (
                channel.topic,
                message.log_time,
                store.deserialize_cdr(message.data, schema.name),
            )
            for schema, channel, message in make_reader(stream, validate_crcs=True).iter_messages()
        ]


def as_plain(message):
    """Convert a message of rclpy or rosbags to dictionaries, lists, numbers and strings."""
    if hasattr(message, 'get_fields_and_field_types'):
        names = message.get_fields_and_field_types()
        return {name: as_plain(getattr(message, name)) for name in names}
    if isinstance(message, (np.ndarray, array)):
        return message.tolist()
    if isinstance(message, (list, tuple)):
        return [as_plain(one) for one in message]
    if hasattr(message, '__msgtype__'):
        return {
            name: as_plain(value) for name, value in vars(message).items() if name != '__msgtype__'
        }
    return message
