"""
Check that an ONNX file is complete, and contains no operators but standard ones.

An ONNX file may name other files that hold its weights, and operators of other libraries. ONNX
Runtime would read any file that its process may read. This module reads the structure of the file
only, without the package `onnx`, and skips the weights.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from fer_ros.perception.quoting import quoted

# Domains of operators that ONNX and ONNX Runtime define. The last domain has the operators that
# ONNX Runtime's own tools write, such as those of quantized networks.
DOMAINS = frozenset({'', 'ai.onnx', 'ai.onnx.ml', 'com.microsoft'})

# Operators in these domains that read files or call functions outside of the network.
REFUSED = frozenset({'EPContext', 'PythonOp', 'PythonOpGrad', 'ATen', 'ExternalTensor'})

# Limits on the structure. The largest shipped network has about 500 messages and 4 levels.
MOST_MESSAGES = 1_000_000
MOST_LEVELS = 40

# Wire types of protocol buffers.
VARINT, FIXED64, BYTES, FIXED32 = 0, 1, 2, 5
# In bits. A longer number is malformed.
LONGEST_VARINT = 70

# Messages inside each message by the number of their field, as in onnx.proto of ONNX 1.23.
# Weights, texts and types are left out.
INSIDE: dict[str, dict[int, str]] = {
    'Model': {7: 'Graph', 20: 'TrainingInfo', 25: 'Function'},
    'TrainingInfo': {1: 'Graph', 2: 'Graph'},
    'Graph': {1: 'Node', 5: 'Tensor', 15: 'SparseTensor'},
    'Function': {7: 'Node', 11: 'Attribute'},
    'Node': {5: 'Attribute'},
    'Attribute': {
        5: 'Tensor',
        6: 'Graph',
        10: 'Tensor',
        11: 'Graph',
        22: 'SparseTensor',
        23: 'SparseTensor',
    },
    'SparseTensor': {1: 'Tensor', 2: 'Tensor'},
    'Tensor': {},
}
# Fields that the check reads.
MODEL_GRAPH, FUNCTION_NAME, FUNCTION_DOMAIN = 7, 1, 10
NODE_OPERATOR, NODE_DOMAIN = 4, 7
TENSOR_EXTERNAL_DATA, TENSOR_LOCATION = 13, 14


class OnnxFileError(ValueError):
    """Raised if an ONNX file must not be loaded."""


def check_onnx(content: bytes) -> None:
    """
    Check an ONNX file before an engine loads it.

    :param content: content of the ONNX file.
    :raises OnnxFileError: if the file is not ONNX, has weights in other files, or uses operators
        that are not standard.
    """
    own: set[tuple[str, str]] = set()
    used: set[tuple[str, str]] = set()
    graphs = 0
    for kind, fields in _messages(content):
        if kind == 'Model':
            graphs = sum(number == MODEL_GRAPH for number, _ in fields)
        elif kind == 'Function':
            own.add((_text(fields, FUNCTION_DOMAIN), _text(fields, FUNCTION_NAME)))
        elif kind == 'Node':
            used.add((_text(fields, NODE_DOMAIN), _text(fields, NODE_OPERATOR)))
        elif kind == 'Tensor':
            _check_tensor(fields)
    if not graphs:
        raise OnnxFileError('the file is not an ONNX network, because it has no graph')
    for domain, operator in sorted(used - own):
        if domain not in DOMAINS or operator in REFUSED:
            raise OnnxFileError(
                f'the network uses the operator {quoted(operator)} of {quoted(domain)}, which is '
                'not a standard operator of ONNX; export the network without custom operators'
            )


def _check_tensor(fields: list[tuple[int, Any]]) -> None:
    """Reject a tensor whose values are in another file."""
    for number, value in fields:
        if number == TENSOR_EXTERNAL_DATA or (number == TENSOR_LOCATION and value):
            raise OnnxFileError(
                'the network has weights in another file (external data), which is not allowed; '
                'save it as one file with: onnx.save(onnx.load(PATH), NEW_PATH)'
            )


def _messages(content: bytes) -> Iterator[tuple[str, list[tuple[int, Any]]]]:
    """Iterate over all messages of a file: the name of each type, and its fields."""
    waiting = [('Model', memoryview(content), 0)]
    count = 0
    while waiting:
        kind, view, level = waiting.pop()
        fields = list(_fields(view))
        count += 1
        if count > MOST_MESSAGES or level > MOST_LEVELS:
            raise OnnxFileError(
                f'the network has more than {MOST_MESSAGES} parts or {MOST_LEVELS} levels'
            )
        yield kind, fields
        for number, value in fields:
            if number in INSIDE[kind]:
                if not isinstance(value, memoryview):
                    raise OnnxFileError('the file is not an ONNX network (wrong type of a field)')
                waiting.append((INSIDE[kind][number], value, level + 1))


def _fields(view: memoryview) -> Iterator[tuple[int, Any]]:
    """
    Iterate over the fields of a message.

    :param view: the encoded message.
    :return: number and value of each field: an integer for a number, a view for anything else.
    :raises OnnxFileError: if the message is malformed.
    """
    position, end = 0, len(view)
    while position < end:
        key, position = _varint(view, position)
        number, wire = key >> 3, key & 7
        if wire == VARINT:
            value, position = _varint(view, position)
            yield number, value
            continue
        if wire == BYTES:
            length, position = _varint(view, position)
        elif wire in (FIXED32, FIXED64):
            length = 4 if wire == FIXED32 else 8
        else:
            raise OnnxFileError('the file is not an ONNX network (unknown type of a field)')
        if length > end - position:
            raise OnnxFileError('the file is not an ONNX network, or it is truncated')
        start, position = position, position + length
        yield number, view[start:position]


def _varint(view: memoryview, position: int) -> tuple[int, int]:
    """Read a number of variable length, and return it with the position after it."""
    value = shift = 0
    while position < len(view) and shift < LONGEST_VARINT:
        byte = view[position]
        position += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, position
        shift += 7
    raise OnnxFileError('the file is not an ONNX network, or it is truncated')


def _text(fields: list[tuple[int, Any]], wanted: int) -> str:
    """Return the text of a field; empty if the message does not have the field."""
    # Of a field that is repeated by mistake, protocol buffers use the last value.
    values = [value for number, value in fields if number == wanted]
    return bytes(values[-1]).decode('utf-8', 'replace') if values else ''
