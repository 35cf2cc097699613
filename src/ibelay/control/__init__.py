"""What commands a gateway or a proxy: scenarios, what is due when, and the control port."""
