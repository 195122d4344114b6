"""Images of the appliance: what is in them, how they are put together."""
