"""Training, measurement and export of the networks of fer_ros; not part of the installation."""
