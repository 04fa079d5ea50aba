"""Where experiment code runs: discovery, context, journal, child, thread, and the table of executions."""
