"""A lifecycle node that can start itself."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from collections.abc import Iterable
from typing import Any

from rclpy.callback_groups import CallbackGroup
from rclpy.lifecycle import LifecycleNode
from rclpy.lifecycle import LifecycleState
from rclpy.lifecycle import TransitionCallbackReturn
from rclpy.publisher import Publisher
from rclpy.subscription import Subscription

from fer_ros.node.life.errors import described
from fer_ros.node.life.errors import REASON_LENGTH
from fer_ros.node.life.services import guard_services
from fer_ros.perception.quoting import shortened

# Log lines after a transition; activating has a line of its own.
DONE = {
    'deactivate': 'inactive: images are ignored',
    'clean up': 'unconfigured: models and topics are released',
    'shut down': 'shut down',
    'recover': 'unconfigured after an error',
}


class ManagedNode(LifecycleNode):
    """
    A managed node, told what its transitions do by four methods.

    Configuring calls `_load`, activating `_begin_work`, deactivating `_end_work`, cleaning up and
    shutting down `_unload`.
    """

    # Errors that a transition may end with by what the user gave; others are the node's own.
    REFUSALS: tuple[type[Exception], ...] = ()

    def __init__(self, name: str, **options: Any) -> None:
        """
        Make the node; nothing is loaded yet.

        :param name: of the node.
        :param options: of `rclpy.node.Node`.
        """
        super().__init__(name, **options)
        # The error of the last transition that failed, and the sentence about it.
        self._refusal: Exception | None = None
        self._told_refusal = ''
        self._shut_down = False
        # While this is true, `start` raises the error of a transition, which is then not logged
        # here.
        self._starting = False
        guard_services(self)

    @abstractmethod
    def _load(self) -> None:
        """Load the models, and make the topics."""

    @abstractmethod
    def _begin_work(self) -> None:
        """Begin to look at images."""

    @abstractmethod
    def _end_work(self) -> None:
        """Look at no more images; called whether or not work had begun."""

    @abstractmethod
    def _unload(self) -> None:
        """Let the models and the topics go; called whether or not there are any."""

    def start(self) -> None:
        """
        Configure and activate the node at once.

        :raises Exception: why it could not be; one of `REFUSALS` if the user can help it.
        """
        self._refusal = None
        self._starting = True
        try:
            if self.trigger_configure() == TransitionCallbackReturn.SUCCESS:
                self.trigger_activate()
        finally:
            self._starting = False
        if self._refusal is not None:
            raise self._refusal

    def destroy_publisher(self, publisher: Publisher) -> bool:
        """
        Destroy a publisher, and forget what was destroyed before.

        :param publisher: of this node.
        :return: False if that was not possible.
        """
        # rclpy's annotation says that this is one handler.
        handlers: Any = publisher.event_handlers
        groups = [handler.callback_group for handler in handlers]
        destroyed = super().destroy_publisher(publisher)
        _forget_dead(groups)
        return bool(destroyed)

    def destroy_subscription(self, subscription: Subscription) -> bool:
        """
        Destroy a subscription, and forget what was destroyed before.

        :param subscription: of this node.
        :return: False if that was not possible.
        """
        handlers: Any = subscription.event_handlers
        groups = [one.callback_group for one in (subscription, *handlers)]
        destroyed = super().destroy_subscription(subscription)
        _forget_dead(groups)
        return bool(destroyed)

    def destroy_node(self) -> None:
        """
        Destroy the node and all that it made, now.

        rclpy leaves the state machine to the garbage collector, and with it the node's part of
        DDS: other nodes would still see this one, its shared memory stays if the process ends at
        once, and the process would take it apart at its very end, where nothing watches for a
        hang.
        """
        super().destroy_node()
        machine = getattr(self, '_state_machine', None)
        if machine is not None:
            machine.destroy_when_not_in_use()

    def stop(self) -> None:
        """End the work, whatever state the node is in."""
        self._end_work()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the models; if one cannot be, the node stays unconfigured."""
        return self._transition('configure', self._load)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to look at images."""
        return self._transition('activate', self._begin_work)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Look at no more images; the one in work is finished."""
        return self._transition('deactivate', self._end_work)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Let the models go."""
        return self._transition('clean up', self._unload)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """End everything."""
        self._shut_down = True
        return self._transition('shut down', self._unload)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Go back to where everything can be begun anew."""
        return self._transition('recover', self._unload)

    def _transition(self, name: str, act: Callable[[], None]) -> TransitionCallbackReturn:
        """Make a transition; an error is logged here, because rclpy would drop it."""
        self._told_refusal = ''
        try:
            act()
        except self.REFUSALS as error:
            self._refusal = error
            self._told_refusal = f'cannot {name}: {shortened(error, REASON_LENGTH)}'
            self._log_refusal()
            return TransitionCallbackReturn.FAILURE
        except Exception as error:
            self._refusal = error
            self._told_refusal = f'cannot {name}: {described(error)}'
            self._log_refusal()
            return TransitionCallbackReturn.ERROR
        if name in DONE:
            self.get_logger().info(DONE[name])
        return TransitionCallbackReturn.SUCCESS

    def _log_refusal(self) -> None:
        """Log why a transition failed."""
        if not self._starting:
            self.get_logger().error(self._told_refusal)


def _forget_dead(groups: Iterable[CallbackGroup]) -> None:
    """
    Forget the entities of callback groups that no longer exist.

    A group of rclpy keeps a weak reference to each entity for ever. One that is still in use, by a
    callback that runs, is forgotten at the next time.
    """
    for group in set(groups):
        # Both calls run no Python, so that no other thread changes the set meanwhile.
        dead = [reference for reference in list(group.entities) if reference() is None]
        group.entities.difference_update(dead)
