"""What people are shown: lines, and the status page."""
