"""The one link to the gateway: how it is kept, and how its silence is judged."""
