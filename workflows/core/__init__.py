"""Words, rows and messages: the standard library only, no clock, no input or output."""
