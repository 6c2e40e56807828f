"""What stands after `as` in train, run, predict and register."""
