"""Keeping: alarms, backups, what is pruned, and one learner out and away."""
