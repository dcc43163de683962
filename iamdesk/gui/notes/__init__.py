"""Writing notes and marks."""
