"""What turns signals into answers and alarms: configurations, and what runs and makes them."""
