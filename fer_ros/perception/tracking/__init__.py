"""In: detections over time. Out: tracks with ids that survive short losses."""
