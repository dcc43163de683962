"""Reads the output files of AWS's tools into one frozen `Snapshot`."""
