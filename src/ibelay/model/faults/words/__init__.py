"""The words of the vocabulary, family by family. Pure."""
