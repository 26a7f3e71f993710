"""What the hub needs of the outside, as real things: servers, queues, streams."""
