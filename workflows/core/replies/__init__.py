"""What a mail says (design §5, « A reply »): its parts, its new text, and what that answers."""
