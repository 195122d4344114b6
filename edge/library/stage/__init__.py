"""The stage: what the box itself serves on a course's own origin, around a package that is played there.

* The page of the application only frames it. Everything that a package may talk to stands here, on the package's own
  origin: the runtime that it looks for, and one address that keeps what the runtime says, for one launch.
* No cookie is read or set. Who is meant, the launch's token says, and a token is good for one learner and one activity.
"""
