from fer_ros.node.recovery import Recovery
from fer_ros.perception.backends import BackendError
from fer_ros.perception.backends import GpuMemoryError
from stand_ins import Backend

BROKEN = BackendError('broken')


def on_gpu(name='tensorflow'):
    made = Backend(name)
    made.device = 'GPU small'
    return made


def test_a_model_is_loaded_anew_before_it_goes_elsewhere():
    recovery = Recovery()

    tried = [recovery.fail(Backend('litert'), BROKEN) for _ in range(6)]

    assert tried == [[], [], [('litert', '')], [], [], [('onnxruntime', 'cpu'), ('opencv', 'cpu')]]


def test_from_the_gpu_the_way_goes_to_the_cpu():
    recovery = Recovery()

    *_, last = [recovery.fail(on_gpu(), BROKEN) for _ in range(6)]

    assert last == [
        ('litert', 'cpu'),
        ('onnxruntime', 'cpu'),
        ('opencv', 'cpu'),
        ('tensorflow', 'cpu'),
    ]


def test_where_the_gpu_is_full_nothing_is_tried_on_it_again():
    recovery = Recovery()

    assert recovery.fail(on_gpu('torch'), GpuMemoryError('full')) == [
        ('litert', 'cpu'),
        ('onnxruntime', 'cpu'),
        ('opencv', 'cpu'),
        ('torch', 'cpu'),
    ]


def test_what_works_again_is_forgiven():
    recovery = Recovery()

    for _ in range(4):
        assert recovery.fail(Backend('litert'), BROKEN) == []
        assert recovery.fail(Backend('litert'), BROKEN) == []
        recovery.reset()
