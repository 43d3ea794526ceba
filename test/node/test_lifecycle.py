import gc
import itertools
import threading
import weakref

from diagnostic_msgs.msg import DiagnosticArray
from diagnostic_msgs.msg import DiagnosticStatus
from lifecycle_msgs.msg import State
from lifecycle_msgs.msg import Transition
from lifecycle_msgs.srv import ChangeState
from lifecycle_msgs.srv import GetState
import numpy as np
import pytest
from rclpy.parameter import Parameter
from vision_msgs.msg import Detection2DArray

from fer_ros.node.emotion_node import EmotionNode
from graph import Inbox
from graph import wait_until
from stand_ins import decisions
from stand_ins import picture
from stand_ins import send
from stand_ins import sending_all_the_time

CONFIGURE, ACTIVATE = Transition.TRANSITION_CONFIGURE, Transition.TRANSITION_ACTIVATE
DEACTIVATE, CLEANUP = Transition.TRANSITION_DEACTIVATE, Transition.TRANSITION_CLEANUP


class Manager:
    """Changes the state of the node through its services, like `ros2 lifecycle set`."""

    def __init__(self, graph):
        node = graph.listener('manager')
        self._change = node.create_client(ChangeState, '/emotion/change_state')
        self._get = node.create_client(GetState, '/emotion/get_state')
        assert self._change.wait_for_service(60)
        assert self._get.wait_for_service(60)

    def _call(self, client, request):
        answered = threading.Event()
        future = client.call_async(request)
        future.add_done_callback(lambda _: answered.set())
        assert answered.wait(60)
        return future.result()

    def set(self, transition):
        """Request a transition. Return True if it succeeded."""
        return self._call(
            self._change, ChangeState.Request(transition=Transition(id=transition))
        ).success

    def state(self):
        """Return the id of the state."""
        return self._call(self._get, GetState.Request()).current_state.id


@pytest.fixture
def idle(graph, parts):
    """Return a node that does not activate itself."""
    return graph.add(EmotionNode(context=graph.context))


@pytest.fixture
def manager(graph, idle):
    return Manager(graph)


def workers():
    return [thread for thread in threading.enumerate() if thread.name == 'perception']


def test_a_node_works_only_while_it_is_active(idle, manager, camera, emotions):
    assert manager.state() == State.PRIMARY_STATE_UNCONFIGURED
    assert idle.count_publishers('emotion') == 0

    assert manager.set(CONFIGURE)
    wait_until(lambda: idle.count_publishers('emotion') == 1)
    assert camera.get_subscription_count() == 0

    assert manager.set(ACTIVATE)
    assert decisions(send(camera, emotions, idle, picture(seconds=1))) == ['happy']

    assert manager.set(DEACTIVATE)
    wait_until(lambda: camera.get_subscription_count() == 0)
    assert workers() == []

    assert manager.set(ACTIVATE)
    send(camera, emotions, idle, picture(seconds=2))

    assert manager.set(DEACTIVATE)
    assert manager.set(CLEANUP)
    wait_until(lambda: idle.count_publishers('emotion') == 0)
    assert manager.state() == State.PRIMARY_STATE_UNCONFIGURED


def test_transitions_in_any_order_leave_nothing_behind(idle, manager, camera):
    allowed = {
        State.PRIMARY_STATE_UNCONFIGURED: {CONFIGURE: State.PRIMARY_STATE_INACTIVE},
        State.PRIMARY_STATE_INACTIVE: {
            ACTIVATE: State.PRIMARY_STATE_ACTIVE,
            CLEANUP: State.PRIMARY_STATE_UNCONFIGURED,
        },
        State.PRIMARY_STATE_ACTIVE: {DEACTIVATE: State.PRIMARY_STATE_INACTIVE},
    }
    state = State.PRIMARY_STATE_UNCONFIGURED
    asked = itertools.chain(*itertools.permutations((CONFIGURE, ACTIVATE, DEACTIVATE, CLEANUP)))

    for transition in asked:
        camera.publish(picture())
        assert manager.set(transition) == (transition in allowed[state])
        state = allowed[state].get(transition, state)
        assert manager.state() == state
        assert len(workers()) == (state == State.PRIMARY_STATE_ACTIVE)

    wait_until(lambda: camera.get_subscription_count() == (state == State.PRIMARY_STATE_ACTIVE))


def test_a_node_under_load_is_activated_and_deactivated_again_and_again(
    idle, manager, camera, emotions
):
    assert manager.set(CONFIGURE)
    with sending_all_the_time(camera):
        for _ in range(40):
            assert manager.set(ACTIVATE)
            assert manager.set(DEACTIVATE)

    assert manager.set(ACTIVATE)
    send(camera, emotions, idle, picture(seconds=2))
    assert len(workers()) == 1


def test_two_hundred_random_transitions_under_load_leave_nothing_behind(
    graph, idle, manager, camera, emotions
):
    random = np.random.default_rng(8)
    asker = graph.listener('asker')
    before = {thread.name for thread in threading.enumerate()}

    with sending_all_the_time(camera):
        for transition in random.choice((CONFIGURE, ACTIVATE, DEACTIVATE, CLEANUP), 200):
            manager.set(int(transition))
            if random.random() < 0.2:
                idle.set_parameters([Parameter('hold', value=float(random.random()))])
        for transition in (DEACTIVATE, CLEANUP):
            manager.set(transition)

    assert manager.state() == State.PRIMARY_STATE_UNCONFIGURED
    assert workers() == []
    # Threads of the executor are allowed, because they are created on demand.
    left = {thread.name for thread in threading.enumerate()} - before
    assert not [name for name in left if not name.startswith('ThreadPoolExecutor')]
    wait_until(lambda: asker.count_subscribers('image') == 0)
    for topic in ('emotion', 'emotion/changes', 'emotion/image', 'emotion/label_info'):
        wait_until(lambda topic=topic: asker.count_publishers(topic) == 0)
    assert len(list(idle.subscriptions)) == 0
    assert manager.set(CONFIGURE)
    assert manager.set(ACTIVATE)
    assert decisions(send(camera, emotions, idle, picture(seconds=3))) == ['happy']


def test_diagnostics_say_what_a_node_at_rest_waits_for(graph, idle, manager):
    inbox = Inbox()
    graph.listener('monitor').create_subscription(DiagnosticArray, '/diagnostics', inbox, 10)

    for transition, words in (
        (None, 'not active: load the models with "ros2 lifecycle set … configure"'),
        (CONFIGURE, 'not active: start processing with "ros2 lifecycle set … activate"'),
        (
            Transition.TRANSITION_INACTIVE_SHUTDOWN,
            'not active: the node is shut down; restart its process',
        ),
    ):
        if transition is not None:
            assert manager.set(transition)
        inbox.wait_for(lambda one, words=words: one.status[0].message.startswith(words))


def test_diagnostics_say_why_a_transition_failed(graph, idle, manager):
    inbox = Inbox()
    graph.listener('monitor').create_subscription(DiagnosticArray, '/diagnostics', inbox, 10)
    idle._settings = idle._settings.changed({'model': 'gone'})

    assert not manager.set(CONFIGURE)

    failed = inbox.wait_for(lambda one: one.status[0].level == DiagnosticStatus.ERROR)
    assert failed.status[0].message == (
        "cannot configure: there is no model 'gone'; available models: here"
    )


def test_a_node_that_cannot_be_configured_stays_as_it_was_until_it_can(idle, manager, parts):
    idle._settings = idle._settings.changed({'model': 'gone'})

    assert not manager.set(CONFIGURE)
    assert manager.state() == State.PRIMARY_STATE_UNCONFIGURED

    idle._settings = idle._settings.changed({'model': 'here'})
    assert manager.set(CONFIGURE)


def test_models_are_let_go_when_a_node_is_cleaned_up(idle, manager):
    assert manager.set(CONFIGURE)
    pipeline = weakref.ref(idle._models.pipeline)

    assert manager.set(CLEANUP)
    gc.collect()

    assert pipeline() is None


@pytest.mark.parametrize('steps', [(CONFIGURE, CLEANUP), (ACTIVATE, DEACTIVATE)])
def test_nothing_of_an_earlier_transition_is_remembered(graph, parts, steps):
    # The node has no executor, because an executor would keep some entities for a while.
    node = EmotionNode(context=graph.context)
    acts = {
        CONFIGURE: node.trigger_configure,
        ACTIVATE: node.trigger_activate,
        DEACTIVATE: node.trigger_deactivate,
        CLEANUP: node.trigger_cleanup,
    }
    if CONFIGURE not in steps:
        acts[CONFIGURE]()
    remembered = []
    for _ in range(4):
        for step in steps:
            acts[step]()
        gc.collect()
        groups = (node.default_callback_group, node._camera._group)
        remembered.append([len(group.entities) for group in groups])
    node.destroy_node()

    assert remembered[1:] == 3 * [remembered[1]]


def test_parameters_may_be_set_before_the_models_are_loaded(idle, manager):
    results = idle.set_parameters([Parameter('hold', value=0.7), Parameter('groups', value=[''])])

    assert [result.successful for result in results] == [True, True]
    assert manager.set(CONFIGURE)
    assert idle._settings.hold == 0.7


def test_who_comes_after_a_cleanup_is_told_of_under_an_id_of_his_own(
    graph, idle, manager, camera, emotions
):
    changes = Inbox()
    graph.listener('changes').create_subscription(Detection2DArray, 'emotion/changes', changes, 10)
    for seconds in (1, 2):
        assert manager.set(CONFIGURE)
        assert manager.set(ACTIVATE)
        wait_until(lambda: idle._outputs.topics._changes.get_subscription_count() == 1)
        send(camera, emotions, idle, picture(seconds=seconds))
        changes.wait_for(lambda one, seconds=seconds: one.header.stamp.sec == seconds)
        assert manager.set(DEACTIVATE)
        assert manager.set(CLEANUP)

    told = [[(one.id, len(one.results)) for one in sent.detections] for sent in changes.messages]
    # After the second configuration, the face has the id 2, and the departure of id 1 is
    # published.
    assert told == [[('1', 3)], [('2', 3), ('1', 0)]]
