"""The parent process: restarts, heartbeats, crash-loop latch. Knows nothing of trading."""
