"""Rules as machine code: kernels over columns, exact to the bit, with the interpreter behind them."""
