"""What each command does, family by family. Pure but for the shell they are given."""
