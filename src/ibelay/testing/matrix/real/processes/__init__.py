"""What runs in the processes of a real run: each is told its part as JSON."""
