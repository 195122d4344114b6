"""`python -m provisioning` is the `qanat` command, for processes that start one another."""

from provisioning.cli import main

main()
