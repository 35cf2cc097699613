"""``ibelay check``: the order path of a gateway, tried and timed step by step."""
