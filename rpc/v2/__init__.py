"""The Open Inference Protocol, version 2 (REST), beside the data plane's own endpoints: the same predictions by another transport."""
