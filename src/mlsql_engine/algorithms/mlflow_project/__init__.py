"""MLflow projects: folders with an MLproject file, trained and predicted with by their entry points."""
