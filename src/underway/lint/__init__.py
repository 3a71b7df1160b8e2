"""Best practice, zero-downtime gotchas and upgrade readiness: rules as pure functions over a picture of the cluster."""
