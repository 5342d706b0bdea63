"""What the collector is told: prices and rules, written from the same data that the library uses."""
