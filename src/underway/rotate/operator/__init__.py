"""The operator as a value: Rotations in, one driver for each, requests out. `live.loop` and `sim.pump` pump it like a driver."""
