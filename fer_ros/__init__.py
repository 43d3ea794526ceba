"""What the faces around a robot show."""
