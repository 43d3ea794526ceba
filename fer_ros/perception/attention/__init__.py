"""
Measure where each face is turned to and looks.

Input: an image, its faces with their detector's points, and the projection of the camera.
Output: head pose, landmarks, gaze, and the decision attending, away or unknown.
"""
