"""In: the faces of an image. Out: messages on the topics of the node."""
