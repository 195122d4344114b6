"""Labels: the sheet that is printed for a batch, cut up, and stuck onto the boxes."""
