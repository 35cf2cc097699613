"""What an account holds, owes and earns: cash, holdings, margin, profit. Pure."""
