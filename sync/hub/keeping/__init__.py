"""How a hub keeps what it was given: backups, rebuilding, erasing, exports, alarms, and the log of who did what."""
