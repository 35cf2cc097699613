"""The drill: what a bot did right and wrong while its line was broken on purpose."""
