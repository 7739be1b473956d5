"""The rows of presence: weeks, modes, hours declared, holidays, alerts (design §4)."""
