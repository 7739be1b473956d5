"""The rows of a call: whom it is sent to, and what is shown of it (design §4)."""
