"""The desks of one client: each serves some families of requests. Pure."""
