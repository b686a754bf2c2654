"""The simulated CANN: see README.md in this folder."""
