"""The hub: the far end. It takes progress in, sends courses out, and shows staff both."""
