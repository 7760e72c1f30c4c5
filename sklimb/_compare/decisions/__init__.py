"""What to decide by: thresholds, costs and calibration, from predictions that are there already."""
