"""The wire formats of the simulator, one module for each API, and the model behind them."""
