"""
Track faces over time.

Input: detections of each frame.
Output: tracks with ids; a face that is lost for a short time keeps its id.
"""
