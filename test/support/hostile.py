"""Random messages with extreme values from a seeded generator."""

import re

import numpy as np

# Names, labels and paths of every kind. Surrogates are missing, because a message cannot contain
# them.
TEXTS = (
    '',
    ' ',
    '/',
    '.',
    'a' * 1_000_000,
    'a.' * 1000,
    'with\0zero',
    '\n[FATAL] [emotion]: forged\x1b[2J',
    '\u202e\U0010ffff',
    '../../etc/passwd',
    '%s%n{0}',
    'hold',
    'max_faces',
    'groups',
    'draw',
    'image_reliability',
    'rate',
    'source',
    'autostart',
    'use_sim_time',
    'start_type_description_service',
    'qos_overrides./parameter_events.publisher.depth',
)
FLOATS = (0.0, -0.0, 1.0, -1.0, 0.5, 1e308, -1e308, 5e-324, np.nan, np.inf, -np.inf)
LENGTHS = (0, 1, 1, 1, 2, 7, 1000)

BITS = re.compile(r'u?int(\d+)')


class Hostile:
    """
    Creates messages of any class with extreme values in all fields.

    :param seed: seed of the random generator.
    """

    def __init__(self, seed):
        self.random = np.random.default_rng(seed)

    def pick(self, values):
        """Return one of several values."""
        return values[int(self.random.integers(len(values)))]

    def fill(self, message):
        """Set all fields of a message, and return it."""
        for name, kind in message.get_fields_and_field_types().items():
            value = getattr(message, name)
            setattr(message, name, self._value(kind, value))
        return message

    def _value(self, kind, value):
        if kind.startswith('sequence<'):
            return self._sequence(kind.removeprefix('sequence<').rstrip('>').split(',')[0])
        if '[' in kind:  # an array of fixed length
            return [self._value(kind.split('[')[0], None) for _ in value]
        if kind in ('float', 'double'):
            limit = 3e38 if kind == 'float' else np.inf
            found = self.pick(FLOATS)
            return float(np.clip(found, -limit, limit)) if np.isfinite(found) else found
        if kind == 'boolean':
            return bool(self.random.integers(2))
        if kind == 'octet':
            return bytes([int(self.random.integers(256))])
        if kind == 'string':
            return self.pick(TEXTS)
        bits = BITS.fullmatch(kind)
        if bits:
            return self._integer(int(bits[1]), kind[0] == 'u')
        return self.fill(type(value)())

    def _integer(self, bits, unsigned):
        low, high = (0, 2**bits - 1) if unsigned else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
        near = [0, 1, 2, 3, 4, 5, 8, 9, 10, 200, low, high, high - 1]
        return self.pick([one for one in near if low <= one <= high])

    def _sequence(self, kind):
        length = self.pick(LENGTHS)
        if '/' in kind:
            made = self.element(kind)
            return [self.fill(made()) for _ in range(min(length, 20))]
        if kind == 'string':
            return [self.pick(TEXTS) for _ in range(min(length, 7))]
        return [self._value(kind, None) for _ in range(length)]

    def element(self, kind):
        """Return the message class with a given name, such as rcl_interfaces/Parameter."""
        package, name = kind.split('/')
        module = __import__(f'{package}.msg', fromlist=[name])
        return getattr(module, name)
