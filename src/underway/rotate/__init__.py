"""Room A: rotating nodes. Pure: events in, requests out; the clock and the dice are arguments."""
