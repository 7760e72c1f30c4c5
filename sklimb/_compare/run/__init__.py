"""Methods, splits and scores, and running the ones over the others."""
