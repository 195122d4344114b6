"""The doctor: what is well with a box and what is not, for whoever stands beside it and for whoever helps by phone."""
