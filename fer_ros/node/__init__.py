"""The ROS 2 nodes: topics, parameters and messages around fer_ros.perception."""

from fer_ros.node.life.tracing import survive_full_shared_memory
from fer_ros.perception.opencv_limits import limit_opencv

limit_opencv()

survive_full_shared_memory()
