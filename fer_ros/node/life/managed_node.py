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

# Log lines after a transition. Subclasses log the activation themselves.
DONE = {
    'deactivate': 'inactive: images are ignored',
    'clean up': 'unconfigured: models, publishers and subscribers are released',
    'shut down': 'shut down',
    'recover': 'unconfigured after an error',
}


class ManagedNode(LifecycleNode):
    """
    A lifecycle node whose transitions call four methods of a subclass.

    Configuring calls `_load`, activating `_begin_work`, and deactivating `_end_work`.
    Cleaning up and shutting down call `_unload`.
    """

    # Errors of a transition that the user's configuration causes. All other errors are unexpected.
    REFUSALS: tuple[type[Exception], ...] = ()

    def __init__(self, name: str, **options: Any) -> None:
        """
        Create the node, without loading the models.

        :param name: name of the node.
        :param options: options of `rclpy.node.Node`.
        """
        super().__init__(name, **options)
        # Error of the last failed transition, and the sentence that describes it.
        self._refusal: Exception | None = None
        self._told_refusal = ''
        self._shut_down = False
        # While this attribute is True, `start` raises the error of a transition, so the error is
        # not logged here.
        self._starting = False
        guard_services(self)

    @abstractmethod
    def _load(self) -> None:
        """Load the models and create the topics."""

    @abstractmethod
    def _begin_work(self) -> None:
        """Begin to process images."""

    @abstractmethod
    def _end_work(self) -> None:
        """Stop processing images; called even if processing has not begun."""

    @abstractmethod
    def _unload(self) -> None:
        """Release the models and the topics; called even if nothing is loaded."""

    def start(self) -> None:
        """
        Configure and activate the node immediately.

        :raises Exception: error of the transition that failed; an error in `REFUSALS` if the
            configuration is the cause.
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
        Destroy a publisher, and remove destroyed entities from its callback groups.

        :param publisher: publisher of this node.
        :return: True on success.
        """
        # rclpy's type annotation wrongly declares a single handler.
        handlers: Any = publisher.event_handlers
        groups = [handler.callback_group for handler in handlers]
        destroyed = super().destroy_publisher(publisher)
        _forget_dead(groups)
        return bool(destroyed)

    def destroy_subscription(self, subscription: Subscription) -> bool:
        """
        Destroy a subscription, and remove destroyed entities from its callback groups.

        :param subscription: subscription of this node.
        :return: True on success.
        """
        handlers: Any = subscription.event_handlers
        groups = [one.callback_group for one in (subscription, *handlers)]
        destroyed = super().destroy_subscription(subscription)
        _forget_dead(groups)
        return bool(destroyed)

    def destroy_node(self) -> None:
        """
        Destroy the node and all its entities immediately.

        rclpy leaves the state machine, and with it the node's DDS entities, to the garbage
        collector.
        Other nodes would continue to see this node.
        The shared memory of the node would remain if the process ended by `os._exit`. The process
        would destroy the DDS entities at its very end, where no watchdog detects a hang.
        """
        super().destroy_node()
        machine = getattr(self, '_state_machine', None)
        if machine is not None:
            machine.destroy_when_not_in_use()

    def stop(self) -> None:
        """Stop the processing of images, in any state of the node."""
        self._end_work()

    def on_configure(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Load the models; after an error the node stays unconfigured."""
        return self._transition('configure', self._load)

    def on_activate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Begin to process images."""
        return self._transition('activate', self._begin_work)

    def on_deactivate(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Stop processing images, after the current image is finished."""
        return self._transition('deactivate', self._end_work)

    def on_cleanup(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release the models and the topics."""
        return self._transition('clean up', self._unload)

    def on_shutdown(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Release the models and the topics for good."""
        self._shut_down = True
        return self._transition('shut down', self._unload)

    def on_error(self, state: LifecycleState) -> TransitionCallbackReturn:
        """Return to the unconfigured state after an unexpected error."""
        return self._transition('recover', self._unload)

    def _transition(self, name: str, act: Callable[[], None]) -> TransitionCallbackReturn:
        """Run a transition; its error is logged here, because rclpy would drop it."""
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
    Remove entities that no longer exist from callback groups.

    rclpy keeps a weak reference to each entity of a group, even after the entity was destroyed.
    An entity that a running callback still uses is removed at the next call.
    """
    for group in set(groups):
        # `list` and `difference_update` run no Python code of the node, so no other thread can
        # change the set meanwhile.
        dead = [reference for reference in list(group.entities) if reference() is None]
        group.entities.difference_update(dead)
