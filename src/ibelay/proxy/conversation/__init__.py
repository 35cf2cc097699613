"""One client and its gateway, as messages: what each is to hear. Pure."""
