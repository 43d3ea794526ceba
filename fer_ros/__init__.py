"""Recognise the emotions that the faces around a robot show."""
