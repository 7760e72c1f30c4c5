"""What a comparison says: progress, frames, words, a picture and a page."""
