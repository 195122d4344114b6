"""People and classes: who learns, who teaches, who minds the box."""
