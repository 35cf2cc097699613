"""The demo: a gateway, a bot, a cut line and a kill, shown live and settled at the end."""
