"""Text to statements. Knows no engine and runs nothing."""
