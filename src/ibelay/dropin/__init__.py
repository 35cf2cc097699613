"""The drop-in IB."""
