"""What there is: bytes by digest, releases, the store and the shelf. No network, no clock."""
