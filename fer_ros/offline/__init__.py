"""
In: recordings, which are videos, folders of pictures and bags. Out: tables, messages and a page.

The pipeline, its settings and its messages are those of the node.
"""

from fer_ros.perception.opencv_limits import limit_opencv

limit_opencv()
