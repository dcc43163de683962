"""What writing any file takes."""
