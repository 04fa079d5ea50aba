"""SubstrateShift asks whether a change of the model underneath a text can be detected.

The package imports nothing by itself, so that a worker process starts quickly. The experiment is
``substrate_shift.experiment:SubstrateShift``, its configuration ``substrate_shift.configuration``.
"""

__version__ = "0.1.0"
