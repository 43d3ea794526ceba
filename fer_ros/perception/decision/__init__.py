"""
Decide the emotion of each person over time.

Input: probabilities of each frame.
Output: smoothed probabilities, a decided emotion, and its changes.
"""
