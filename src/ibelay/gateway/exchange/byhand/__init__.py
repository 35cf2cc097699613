"""What an operator does to the book by hand, as a person at TWS or IB itself would. Pure."""
