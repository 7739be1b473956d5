"""The rows of a session: whom it invites, what they were told and answered (design §4)."""
