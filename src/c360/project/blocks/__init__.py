"""The blocks of a project file as frozen pydantic objects, one module per block; unknown keys are faults."""
