"""
Measures head pose, gaze and attention, and how emotions depend on the pose of the head.

In: photographs with landmarks, videos, FER2013 images, and heads rendered in known poses.
Out: errors of angles, jitter and delay, accuracy by yaw, costs, and the 3-D face of the package.
"""
