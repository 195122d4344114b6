"""The captive portal: how a phone that joins finds the library."""
