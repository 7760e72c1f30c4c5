"""Files without pickle: a zip of sealed entries, and plain values as JSON."""
