"""What was done: the only place that writes audit events."""
