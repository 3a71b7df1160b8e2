"""The Common Expression Language in the Kubernetes dialect: parse, check, cost, evaluate. Pure; `crd` and `rotate` share it."""
