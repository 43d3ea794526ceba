import gc

import rclpy
from rclpy.context import Context

from fer_ros.node.life.managed_node import ManagedNode
from graph import wait_until


class Idle(ManagedNode):
    """A node whose transitions do nothing."""

    def _load(self):
        pass

    _begin_work = _end_work = _unload = _load


def test_a_destroyed_node_leaves_the_graph_at_once(graph, domain_id):
    onlooker = graph.listener('onlooker')
    context = Context()
    rclpy.init(context=context, domain_id=domain_id)
    node = Idle('passing', context=context)
    node.start()
    wait_until(lambda: 'passing' in onlooker.get_node_names())

    gc.disable()
    try:
        node.destroy_node()
        wait_until(lambda: 'passing' not in onlooker.get_node_names())
    finally:
        gc.enable()
        context.try_shutdown()
    assert node.context is context
