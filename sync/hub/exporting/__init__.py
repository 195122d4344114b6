"""Exports: what learners did, for researchers and ministries without their names, and for each learner with them."""
