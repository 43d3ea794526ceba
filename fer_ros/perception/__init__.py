"""From an image to who is there and what each face shows; plain Python, no ROS in here."""
