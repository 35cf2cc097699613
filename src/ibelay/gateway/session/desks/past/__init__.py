"""What a client asks about the past: bars, ticks, schedules. Pure."""
