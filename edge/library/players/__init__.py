"""Players: what shows an activity, one for each kind. A new kind is a file here and a line in `registry`."""
