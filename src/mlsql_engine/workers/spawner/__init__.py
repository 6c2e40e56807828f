"""The process that starts workers and ends what they leave behind: `program` is what it runs, `client` asks it."""
