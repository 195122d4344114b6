"""What hub and box say to each other about a campus, and the rules by which both read it alike."""
