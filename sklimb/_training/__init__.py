"""The one net and the one training step under every classifier."""
