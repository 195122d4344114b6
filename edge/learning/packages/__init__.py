"""What packages keep and tell: the state that a runtime gives back, and what of it is progress, results and answers.

* A runtime runs in the learner's browser and says what it likes; here it is bounded, judged and kept.
"""
