"""What orders the steps of a round and survives a crash; knows no workflow by name and no adapter."""
