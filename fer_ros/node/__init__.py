"""The ROS 2 nodes: topics, parameters and messages around fer_ros.perception."""
