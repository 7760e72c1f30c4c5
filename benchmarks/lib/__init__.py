"""What the benchmarks share: data, records, the resumable runner, searches, summaries."""
