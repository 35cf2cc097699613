"""The public test kit: books side by side, processes to kill, data to replay."""
