"""How a bot ends: in good order, with its positions kept or closed."""
