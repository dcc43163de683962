"""The commands that are about no single service's resources, by subject; the others are in `resource_services`.

A command is declared once: how it is typed, where its output is in a bundle, what reads it and how it is collected
(`resource_service.Command`).
"""
