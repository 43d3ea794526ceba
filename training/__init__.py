"""How the networks of fer_ros are trained, measured and exported; not part of the installation."""
