"""Shadow copies of requests: queued, scored after the answer, counted when missed."""
