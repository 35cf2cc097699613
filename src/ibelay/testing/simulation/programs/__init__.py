"""What a simulated process runs: ibelay's runtime, or a script on the drop-in ``IB``."""
