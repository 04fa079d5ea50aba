"""What things are: experiments, instances, runs, items, policies, errors and ports.

Pure: no clock, no input or output, no thread. Everything else in Athanor imports from here and
this package imports nothing of Athanor but itself.
"""
