"""Where beliefs get their value and their alignment signal from: one landscape a file."""
