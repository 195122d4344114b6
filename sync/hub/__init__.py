"""The far end: takes progress in, publishes courses, knows the boxes. A box never imports it."""
