"""What answers at each path. One file per group of paths; each gives its routes."""
