"""What the hub says to this campus: its classes, announcements and assignments, and what each side proposes."""
