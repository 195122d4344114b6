"""The library: what a learner opens, and the players it opens in."""
