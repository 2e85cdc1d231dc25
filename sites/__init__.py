"""Real Django sites as they stand, and a visitor who goes to and fro: `make sites`."""
