# The node on ROS 2 Jazzy, on an NVIDIA GPU, through Keras on PyTorch.
#
#   docker build --file docker/Dockerfile --tag fer_ros .
#   docker build --file docker/cuda.Dockerfile --tag fer_ros:cuda .
#   docker run --rm --gpus all --network host --ipc host fer_ros:cuda \
#       image_topic:=/camera/image_raw backend:=torch
#
# It needs the NVIDIA Container Toolkit. The wheels of PyTorch bring CUDA with them.
FROM fer_ros

RUN /opt/fer_ros/bin/pip install --no-cache-dir torch 'keras>=3.12,<4'
ENV KERAS_BACKEND=torch
