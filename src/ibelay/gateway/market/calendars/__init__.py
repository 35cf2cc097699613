"""Trading days and hours: a table of US holidays, and sessions made of it. Pure."""
