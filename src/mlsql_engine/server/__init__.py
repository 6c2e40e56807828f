"""HTTP: routes, who may ask, jobs, one error handler."""
