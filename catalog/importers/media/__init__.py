"""Films and sound: containers told by their content, captions, and the smaller versions that a hub makes."""
