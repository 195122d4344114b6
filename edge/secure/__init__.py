"""The box's secure address: a key of its own, a certificate by the hub, and when it is offered."""
