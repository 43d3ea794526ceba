"""Test that an ONNX file with foreign parts is refused before an engine reads it."""

from contextlib import suppress
import random

import pytest

from fer_ros.perception.backends.onnx_file import check_onnx
from fer_ros.perception.backends.onnx_file import OnnxFileError
from fer_ros.perception.models.bundle import find_bundle
from fer_ros.perception.models.bundle import load_card

onnx = pytest.importorskip('onnx')

from onnx import helper  # noqa: E402
from onnx import TensorProto  # noqa: E402

from onnx_networks import of_nodes  # noqa: E402
from onnx_networks import weighted  # noqa: E402


def external(tensor):
    """Move the values of a tensor to another file."""
    tensor.data_location = TensorProto.EXTERNAL
    tensor.external_data.add(key='location', value='../../etc/passwd')
    return tensor


def inside_an_if(tensor):
    """Create a network whose weights are in the branch of a condition."""
    branch = helper.make_graph(
        [helper.make_node('Constant', [], ['inner'], value=tensor)],
        'branch',
        [],
        [helper.make_tensor_value_info('inner', TensorProto.FLOAT, None)],
    )
    node = helper.make_node(
        'If', ['condition'], ['logits'], then_branch=branch, else_branch=branch
    )
    return of_nodes([node], {})


@pytest.mark.parametrize('name', ['fer2013_mobile', 'ferplus_tiny'])
def test_a_shipped_network_passes(name):
    check_onnx(load_card(find_bundle(name)).read('onnx'))


def test_a_network_with_standard_operators_passes():
    check_onnx(weighted().SerializeToString())


def test_weights_in_another_file_are_refused_wherever_they_are():
    network = weighted()
    external(network.graph.initializer[0])
    tensor = external(helper.make_tensor('t', TensorProto.FLOAT, [1], [0.0]))

    for hostile in (network, inside_an_if(tensor)):
        with pytest.raises(OnnxFileError, match='weights in another file .* save it as one file'):
            check_onnx(hostile.SerializeToString())


def test_a_location_alone_is_refused():
    network = weighted()
    network.graph.initializer[0].data_location = TensorProto.EXTERNAL

    with pytest.raises(OnnxFileError, match='weights in another file'):
        check_onnx(network.SerializeToString())


@pytest.mark.parametrize(
    ('operator', 'domain'),
    [('Run', 'my.operators'), ('EPContext', 'com.microsoft'), ('StringJoin', 'ai.onnx.contrib')],
)
def test_an_operator_that_is_not_standard_is_refused_by_its_name(operator, domain):
    node = helper.make_node(operator, ['image'], ['logits'], domain=domain)

    with pytest.raises(OnnxFileError, match=f"the operator '{operator}' of '{domain}'"):
        check_onnx(of_nodes([node], {}, domain=domain).SerializeToString())


def test_a_function_of_the_network_itself_passes_but_its_operators_are_checked():
    def with_inner(inner):
        function = helper.make_function(
            'own', 'Twice', ['x'], ['y'], [inner], [helper.make_opsetid('', 13)]
        )
        network = of_nodes(
            [helper.make_node('Twice', ['image'], ['logits'], domain='own')], {}, domain='own'
        )
        network.functions.append(function)
        return network.SerializeToString()

    check_onnx(with_inner(helper.make_node('Add', ['x', 'x'], ['y'])))
    with pytest.raises(OnnxFileError, match="'Run' of 'my.operators'"):
        check_onnx(with_inner(helper.make_node('Run', ['x'], ['y'], domain='my.operators')))


@pytest.mark.parametrize(
    'content', [b'', b'this is no network', b'\x08', b'\xff' * 40, b'\x3a\xff\xff\xff\xff\x0f']
)
def test_content_that_is_no_network_is_refused(content):
    with pytest.raises(OnnxFileError, match='the file is not an ONNX network'):
        check_onnx(content)


def test_damaged_content_is_refused_or_passes_but_raises_nothing_else():
    content = weighted().SerializeToString()
    generator = random.Random(0)

    for _ in range(500):
        damaged = bytearray(content)
        for _ in range(3):
            damaged[generator.randrange(len(damaged))] = generator.randrange(256)
        with suppress(OnnxFileError):
            check_onnx(bytes(damaged[: generator.randrange(1, len(damaged) + 1)]))
