import threading

from diagnostic_msgs.msg import DiagnosticArray
from rclpy.parameter import Parameter

from fer_ros.perception.backends import BackendError
from fer_ros.perception.backends import GpuMemoryError
from graph import Inbox
from graph import wait_until
from live_parameters import set_parameters
from stand_ins import ColourClassifier
from stand_ins import decisions
from stand_ins import picture
from stand_ins import send
from stand_ins import started


def test_a_back_end_that_fails_costs_its_frame_and_no_more(node, camera, emotions, parts):
    _, classifier = parts
    classifier.error = BackendError('the GPU is gone')
    wait_until(lambda: camera.get_subscription_count() > 0)
    camera.publish(picture(seconds=1))
    wait_until(lambda: node.statistics.lost == 1)
    classifier.error = None

    send(camera, emotions, node, picture(seconds=2))

    assert [message.header.stamp.sec for message in emotions.messages] == [2]


def test_a_back_end_that_keeps_failing_is_loaded_anew_and_then_replaced(
    graph, node, camera, emotions, parts
):
    _, classifier = parts
    inbox = Inbox()
    graph.listener('monitor').create_subscription(DiagnosticArray, '/diagnostics', inbox, 10)
    send(camera, emotions, node, picture(seconds=1))
    classifier.error = BackendError('out of memory')

    for lost in range(1, 7):
        camera.publish(picture(seconds=1 + lost))
        wait_until(lambda lost=lost: node.statistics.lost == lost)
        wait_until(lambda lost=lost: len(classifier.loaded) == 1 + lost // 3)
    answer = send(camera, emotions, node, picture(seconds=8))

    assert classifier.loaded == ['auto', 'made_up', 'litert']
    assert decisions(answer) == ['happy']
    # The images of this test have one colour and a timestamp of 1970, which adds a warning.
    inbox.wait_for(
        lambda one: (
            one.status[0].message.split('; the timestamps ')[0]
            == 'made_up failed (out of memory), so the model runs on litert on the CPU. '
            'To retry made_up, set the parameter backend again'
        )
    )
    classifier.error = None
    assert set_parameters(graph, backend='auto').successful
    assert classifier.loaded == ['auto', 'made_up', 'litert', 'auto']
    inbox.messages.clear()
    inbox.wait_for(lambda one: 'runs on' not in one.status[0].message)


def test_a_model_is_loaded_anew_on_the_device_of_the_parameter_and_then_on_the_cpu(
    graph, parts, camera, monkeypatch
):
    _, classifier = parts
    node = started(graph, Parameter('device', value='auto'))
    tried = []

    def load(settings):
        tried.append((settings.backend, settings.device))
        return classifier

    monkeypatch.setattr(node._models, '_load_classifier', load)
    classifier.error = BackendError('the network is broken')
    wait_until(lambda: camera.get_subscription_count() > 0)

    for lost in range(1, 7):
        camera.publish(picture(seconds=lost))
        wait_until(lambda lost=lost: node.statistics.lost == lost)
        wait_until(lambda lost=lost: len(tried) == lost // 3)

    assert tried == [('made_up', 'auto'), ('litert', 'cpu')]


def test_where_the_gpu_is_full_the_very_next_image_is_answered_on_the_cpu(
    node, camera, emotions, parts
):
    _, classifier = parts
    classifier.error = GpuMemoryError('the memory of the GPU is full')
    wait_until(lambda: camera.get_subscription_count() > 0)
    camera.publish(picture(seconds=1))
    wait_until(lambda: node.statistics.lost == 1)

    answer = send(camera, emotions, node, picture(seconds=2))

    assert decisions(answer) == ['happy']
    assert classifier.loaded == ['auto', 'litert']


def test_a_fallback_that_fails_too_leaves_the_first_reason_in_diagnostics(
    graph, node, camera, parts, monkeypatch
):
    _, classifier = parts

    def load(settings):
        if settings.backend == 'litert':
            raise BackendError('litert is not installed')
        return ColourClassifier(settings.backend)

    monkeypatch.setattr(node._models, '_load_classifier', load)
    diagnoses = Inbox()
    graph.listener('monitor').create_subscription(DiagnosticArray, '/diagnostics', diagnoses, 10)
    classifier.error = GpuMemoryError('the memory of the GPU is full')
    wait_until(lambda: camera.get_subscription_count() > 0)

    camera.publish(picture())

    found = diagnoses.wait_for(lambda one: 'the model runs on' in one.status[0].message)
    assert (
        'made_up failed (the memory of the GPU is full), so the model runs on onnxruntime on the '
        'CPU.'
    ) in found.status[0].message


def test_the_work_goes_on_when_nothing_can_be_loaded_instead(
    node, camera, emotions, parts, monkeypatch
):
    _, classifier = parts
    classifier.error = BackendError('the GPU is gone')

    def break_down(settings):
        raise KeyError('a library that breaks')

    monkeypatch.setattr(node._models, '_load_classifier', break_down)
    wait_until(lambda: camera.get_subscription_count() > 0)
    for lost in range(1, 8):
        camera.publish(picture(seconds=lost))
        wait_until(lambda lost=lost: node.statistics.lost == lost)
    classifier.error = None

    assert decisions(send(camera, emotions, node, picture(seconds=9))) == ['happy']


def test_one_failure_now_and_then_reloads_nothing(node, camera, emotions, parts):
    _, classifier = parts
    wait_until(lambda: camera.get_subscription_count() > 0)

    for number in range(1, 6):
        classifier.error = BackendError('a hiccup')
        camera.publish(picture(seconds=2 * number))
        wait_until(lambda number=number: node.statistics.lost == number)
        classifier.error = None
        send(camera, emotions, node, picture(seconds=2 * number + 1))

    assert classifier.loaded == ['auto']


def test_failures_before_another_model_is_set_do_not_count_against_it(graph, node, camera, parts):
    _, classifier = parts
    classifier.error = BackendError('the network is broken')
    wait_until(lambda: camera.get_subscription_count() > 0)

    def lose(number):
        camera.publish(picture(seconds=number))
        wait_until(lambda: node.statistics.lost == number)

    lose(1)
    lose(2)
    assert set_parameters(graph, backend='opencv').successful
    lose(3)
    # When the fourth failure is counted, the worker has handled the third one.
    lose(4)

    assert classifier.loaded == ['auto', 'opencv']


def test_a_model_loaded_by_configuring_is_not_loaded_again_by_its_own_setting(
    graph, node, camera, parts
):
    _, classifier = parts
    classifier.error = GpuMemoryError('the memory of the GPU is full')
    wait_until(lambda: camera.get_subscription_count() > 0)
    camera.publish(picture())
    wait_until(lambda: classifier.loaded == ['auto', 'litert'])

    node.trigger_deactivate()
    node.trigger_cleanup()
    node.trigger_configure()
    # If a failure were remembered, this request would load the model again.
    assert set_parameters(graph, backend='auto').successful

    assert classifier.loaded == ['auto', 'litert', 'auto']


def test_a_parameter_that_loads_a_model_waits_while_a_failed_one_is_replaced(
    node, camera, parts, monkeypatch
):
    _, classifier = parts
    begun, may_end = [], threading.Event()

    def load(settings):
        begun.append(settings.backend)
        assert may_end.wait(60)
        return ColourClassifier(settings.backend)

    monkeypatch.setattr(node._models, '_load_classifier', load)
    classifier.error = GpuMemoryError('the memory of the GPU is full')
    wait_until(lambda: camera.get_subscription_count() > 0)
    camera.publish(picture())
    wait_until(lambda: begun == ['litert'])
    results = []
    setter = threading.Thread(
        target=lambda: results.append(
            node.set_parameters_atomically([Parameter('backend', value='opencv')])
        )
    )
    setter.start()
    # Without the lock, the second load would start immediately.
    setter.join(0.3)
    assert begun == ['litert']

    may_end.set()
    setter.join()

    assert results[0].successful
    assert begun == ['litert', 'opencv']
    assert node._models.pipeline.classifier.backend.name == 'opencv'
